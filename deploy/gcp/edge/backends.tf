# Two ways to one Cloud Run service: what is live, and what is being tried before it is.

locals {
  # The tag of the revision; nothing is the one, or those, that have the traffic.
  tags = { live = null, candidate = "candidate" }

  backends = { live = var.name, candidate = "${var.name}-candidate" }
}

resource "google_compute_region_network_endpoint_group" "this" {
  for_each = local.tags

  name                  = local.backends[each.key]
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = var.service
    tag     = each.value
  }
}

resource "google_compute_backend_service" "this" {
  for_each = local.tags

  name                  = local.backends[each.key]
  protocol              = "HTTPS"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = one(google_compute_security_policy.this[*].id)

  backend {
    group = google_compute_region_network_endpoint_group.this[each.key].id
  }

  log_config {
    enable      = true
    sample_rate = 1.0
  }
}
