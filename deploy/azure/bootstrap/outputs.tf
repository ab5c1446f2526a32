output "state_account" {
  description = "Where states are kept: `terraform init -backend-config=storage_account_name=…`, and the variable AZURE_STATE_ACCOUNT on GitHub."
  value       = azurerm_storage_account.state.name
}

output "vault" {
  description = "Where the file of tokens belongs: `az keyvault secret set --vault-name … --name api-tokens --file tokens`."
  value       = azurerm_key_vault.this.name
}

output "client_ids" {
  description = "The variable AZURE_CLIENT_ID on GitHub: `plan` for the repository, the others for the environment of the same job."
  value       = { for job in ["plan", "apply", "deploy"] : job => azurerm_user_assigned_identity.this[job].client_id }
}
