# The value is handed through: it is in Secret Manager, and neither in the state nor in a saved plan.

locals {
  sentry_dsn_secret = "${local.name}-sentry-dsn"
}

resource "google_secret_manager_secret_version" "sentry_dsn" {
  count = var.sentry_dsn_version == 0 ? 0 : 1

  secret                 = "projects/${var.project_id}/secrets/${local.sentry_dsn_secret}"
  secret_data_wo         = var.sentry_dsn
  secret_data_wo_version = var.sentry_dsn_version

  # A revision that is gone back to finds the version that it had.
  deletion_policy = "ABANDON"
}
