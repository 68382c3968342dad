package io.sampo.actors.admission;

import com.typesafe.config.Config;

/**
 * The room's settings; see {@code actors.admission} in reference.conf.
 *
 * @param maxRequests requests at once on this gateway
 */
public record AdmissionSettings(int maxRequests) {

  public AdmissionSettings {
    if (maxRequests < 1) {
      throw new IllegalArgumentException(
          "actors.admission.max-requests must be at least 1: " + maxRequests);
    }
  }

  public static AdmissionSettings from(Config root) {
    return new AdmissionSettings(root.getInt("actors.admission.max-requests"));
  }
}
