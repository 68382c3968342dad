package io.sampo.ops.jmx;

import io.sampo.ops.admin.AdminApi.SettingView;
import io.sampo.ops.admin.Describe;
import java.util.List;

/** The bounds that hold on this node. */
@Describe("The settings in force on this node, its bounds among them.")
public interface LimitsMXBean {

  List<SettingView> getSettings();
}
