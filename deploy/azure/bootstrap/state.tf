# Where the states are kept: of this stack, once it has been moved, and of the one above.

resource "azurerm_storage_account" "state" {
  #checkov:skip=CKV_AZURE_206:a state that is lost with its region describes what is lost with it
  #checkov:skip=CKV_AZURE_33:there are no queues
  #checkov:skip=CKV_AZURE_59:the pipelines' runners come from anywhere; what lets them in is their identity
  #checkov:skip=CKV2_AZURE_1:a key of one's own would have to be kept from whoever may read the states anyway
  #checkov:skip=CKV2_AZURE_33:as CKV_AZURE_59
  #checkov:skip=CKV2_AZURE_41:there are no shared access signatures, because there are no keys to make them with
  name                = "st${local.name}${local.unique}"
  resource_group_name = azurerm_resource_group.foundation.name
  location            = var.location

  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = "LRS"

  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  local_user_enabled               = false
  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true

  # A state that was broken or lost is one version away.
  blob_properties {
    versioning_enabled = true
    delete_retention_policy {
      days = 30
    }
    container_delete_retention_policy {
      days = 30
    }
  }
}

# Of the stack above, and of this one, which no pipeline reads or writes.
resource "azurerm_storage_container" "state" {
  #checkov:skip=CKV2_AZURE_21:who reads a state is in the activity log of its identity
  for_each = toset(["terraform", "bootstrap"])

  name                  = each.key
  storage_account_id    = azurerm_storage_account.state.id
  container_access_type = "private"
}
