# A limit before the service's own, for those who pay for it.

resource "google_compute_security_policy" "this" {
  #checkov:skip=CKV_GCP_73:about a library of Java's, which is nowhere here
  count = var.cloud_armor ? 1 : 0

  name = var.name
  type = "CLOUD_ARMOR"

  rule {
    description = "So many requests a minute from one address"
    action      = "throttle"
    priority    = 1000

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = var.armor_requests_per_minute
        interval_sec = 60
      }
    }
  }

  # A policy has to end with a rule for everything else, which is nothing here.
  rule {
    description = "Whatever no rule above speaks of"
    action      = "allow"
    priority    = 2147483647

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
