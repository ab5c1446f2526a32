output "urls" {
  description = "Where to try it, on Container Apps: by https, and by http, which Azure answers by sending to https."
  value       = local.aca ? [for scheme in ["https", "http"] : "${scheme}://${local.host}"] : []
}

output "url" {
  description = "The variable FRUITS_URL on GitHub, on Container Apps."
  value       = local.aca ? "https://${local.host}" : null
}

output "smoke" {
  description = "Tries the whole contract of it."
  value       = local.aca ? "scripts/smoke.sh --service fruits https://${local.host}" : null
}

output "database_url" {
  description = "What the chart is told, on Kubernetes."
  value       = local.database_urls["serve"]
}

output "migration_database_url" {
  description = "What the chart's migration is told, on Kubernetes."
  value       = local.database_urls["migrate"]
}

output "client_ids" {
  description = "The identities that the chart's service accounts name, on Kubernetes."
  value = {
    serve   = data.azurerm_user_assigned_identity.serve.client_id
    migrate = data.azurerm_user_assigned_identity.migrate.client_id
  }
}
