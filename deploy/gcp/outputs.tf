output "urls" {
  description = "Where to try it, by https and by http."
  value       = var.edge_enabled ? [for scheme in ["https", "http"] : "${scheme}://${local.host}"] : []
}

output "example" {
  description = "A conversion to paste."
  value       = "curl -X POST \"http://${local.host}/image_to_pdf\" -H 'Content-Type: application/json' -d '{\"source_url\":\"https://upload.wikimedia.org/wikipedia/commons/4/47/PNG_transparency_demonstration_1.png\"}'"
}

output "smoke" {
  description = "Tries the whole contract of it."
  value       = "scripts/smoke.sh --service press https://${local.host}"
}

output "pdf_bucket" {
  description = "Where the PDFs are."
  value       = google_storage_bucket.pdfs.name
}
