package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi.Audit;
import io.sampo.ops.admin.AdminApi.Done;
import io.sampo.ops.admin.AdminApi.ModelView;
import io.sampo.ops.admin.Change;
import io.sampo.ops.admin.Describe;
import java.util.List;

/** The models that this gateway serves. */
@Describe("The models that this gateway serves; none on other nodes.")
public interface ModelsMXBean {

  List<ModelView> getModels();

  @Change
  @Describe("Wants at most so many replicas of a model, 0 for one on each engine node.")
  Done scale(String model, int replicas, boolean dryRun, Audit audit, int timeoutMillis);

  @Change
  @Describe("Loads one more model where there is room; 0 wants it on each engine node.")
  Done load(
      String model, String source, int replicas, boolean dryRun, Audit audit, int timeoutMillis);

  @Change
  @Describe("Unloads a model that was loaded so; its replicas are drained first.")
  Done unload(String model, boolean dryRun, Audit audit, int timeoutMillis);
}
