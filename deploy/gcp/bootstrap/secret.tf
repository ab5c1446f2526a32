# The place of the Sentry DSN. Its value comes from the stack above and is in no state.

resource "google_secret_manager_secret" "sentry_dsn" {
  secret_id = "press-sentry-dsn"

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_iam_member" "run_reads" {
  secret_id = google_secret_manager_secret.sentry_dsn.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this["run"].member
}

# Adds a version and takes old ones out of use, but cannot read any.
resource "google_secret_manager_secret_iam_member" "apply_adds" {
  secret_id = google_secret_manager_secret.sentry_dsn.id
  role      = "roles/secretmanager.secretVersionManager"
  member    = google_service_account.this["apply"].member
}
