package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi.ModelView;
import io.sampo.ops.admin.Describe;
import java.util.List;

/** The models that this gateway serves. */
@Describe("The models that this gateway serves; none on other nodes.")
public interface ModelsMXBean {

  List<ModelView> getModels();
}
