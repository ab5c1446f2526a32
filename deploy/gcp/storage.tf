# The PDFs: closed to the world, read by signed links, gone after some days.

resource "google_storage_bucket" "pdfs" {
  #checkov:skip=CKV_GCP_78:a PDF is written once under a name of its own and never changed: there are no versions
  #checkov:skip=CKV_GCP_62:who reads a PDF has a signed link; a bucket of access logs costs more than it tells
  name                        = coalesce(var.pdf_bucket, "${var.project_id}-${local.name}-pdfs")
  location                    = upper(var.region)
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  # A deleted PDF is deleted: kept ones would be paid for, and nobody could ask for them.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = var.pdf_days
    }
  }

  # What a killed upload left behind.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }

  # A page may show a PDF that it has the link of.
  cors {
    origin          = ["*"]
    method          = ["GET", "HEAD"]
    response_header = ["Content-Type", "Content-Disposition", "Content-Length"]
    max_age_seconds = 3600
  }
}

# press creates, and cannot list, replace or delete; the account that signs reads what it is told the name of, and the link
# with it. The role is bootstrap's.
resource "google_storage_bucket_iam_member" "run_creates" {
  bucket = google_storage_bucket.pdfs.name
  role   = "roles/storage.objectCreator"
  member = local.members["run"]
}

resource "google_storage_bucket_iam_member" "signer_reads" {
  bucket = google_storage_bucket.pdfs.name
  role   = "projects/${var.project_id}/roles/pressReadsPdfs"
  member = local.members["signer"]
}
