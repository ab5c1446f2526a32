# Where the states are kept: of this stack, once it has been moved, and of the one above.

resource "google_storage_bucket" "state" {
  #checkov:skip=CKV_GCP_62:who reads a state is in the project's own audit log; a bucket of access logs tells no more
  name                        = "${var.project_id}-terraform"
  location                    = upper(var.region)
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  # A state that was broken or lost is one version away.
  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      num_newer_versions = 30
      with_state         = "ARCHIVED"
    }
  }

  depends_on = [google_project_service.this]
}
