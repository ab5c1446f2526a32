# Cloud Run pulls from here. Nothing is built for it: the image that was published and signed is copied, by digest.

resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:the images are public; a key of one's own protects nothing and costs each month
  repository_id = "images"
  description   = "Copies of the published images, by digest"
  location      = var.region
  format        = "DOCKER"

  docker_config {
    immutable_tags = true
  }

  # Each image is scanned where it is published; a second scan here is charged by the image.
  vulnerability_scanning_config {
    enablement_config = "DISABLED"
  }

  # Ten releases to go back to, each of three versions: an image for each architecture, and the list of them. The rest
  # goes a week after it was copied.
  cleanup_policy_dry_run = false
  cleanup_policies {
    id     = "keep-the-last-ten"
    action = "KEEP"
    most_recent_versions {
      keep_count = 30
    }
  }
  cleanup_policies {
    id     = "delete-older-ones"
    action = "DELETE"
    condition {
      older_than = "604800s"
    }
  }

  depends_on = [google_project_service.this]
}
