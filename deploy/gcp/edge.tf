module "edge" {
  source = "./edge"
  count  = var.edge_enabled ? 1 : 0

  name                      = local.name
  region                    = var.region
  service                   = google_cloud_run_v2_service.press.name
  http_mode                 = var.http_mode
  cloud_armor               = var.cloud_armor
  armor_requests_per_minute = var.armor_requests_per_minute
}

locals {
  # Without a way in there is no name either; .invalid is nobody's (RFC 2606).
  host = var.edge_enabled ? module.edge[0].host : "${local.name}.invalid"
}
