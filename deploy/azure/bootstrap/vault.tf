# The file of API tokens, hashes alone. A person writes it; fruits reads it; no pipeline can do either.

resource "azurerm_key_vault" "this" {
  #checkov:skip=CKV_AZURE_109:Container Apps fetches the file from addresses that cannot be known; roles let it in
  #checkov:skip=CKV_AZURE_189:as CKV_AZURE_109
  #checkov:skip=CKV2_AZURE_32:a private endpoint costs more each month than everything else together
  name                = "kv-${local.name}-${local.unique}"
  resource_group_name = azurerm_resource_group.foundation.name
  location            = var.location
  tenant_id           = var.tenant_id
  sku_name            = "standard"

  rbac_authorization_enabled = true
  purge_protection_enabled   = true
  soft_delete_retention_days = 7

  network_acls {
    bypass         = "AzureServices"
    default_action = "Allow"
  }
}

resource "azurerm_role_assignment" "serve_reads_tokens" {
  scope                = azurerm_key_vault.this.id
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.this["serve"].principal_id
}

resource "azurerm_role_assignment" "keeper_writes_tokens" {
  scope                = azurerm_key_vault.this.id
  role_definition_name = "Key Vault Secrets Officer"
  principal_id         = var.token_keeper_object_id
}
