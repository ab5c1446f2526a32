output "state_bucket" {
  description = "Where states are kept: `terraform init -backend-config=bucket=…`, and the variable GCP_STATE_BUCKET on GitHub."
  value       = google_storage_bucket.state.name
}

output "workload_identity_provider" {
  description = "What GitHub's jobs show their token to: the variable GCP_WORKLOAD_IDENTITY_PROVIDER on GitHub."
  value       = google_iam_workload_identity_pool_provider.github.name
}

output "registry" {
  description = "Where images are copied to."
  value       = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}"
}
