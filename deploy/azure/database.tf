# The catalogue's PostgreSQL: without a public address, and without a password that anyone could know.

resource "azurerm_postgresql_flexible_server" "this" {
  #checkov:skip=CKV_AZURE_136:backups in a second region double their price; the variable backup_days says how far back
  #checkov:skip=CKV2_AZURE_57:it is inside the network itself, which takes no private endpoint
  name                = "psql-${local.name}-${local.unique}"
  resource_group_name = local.group
  location            = var.location

  version               = "17"
  sku_name              = "B_Standard_B1ms"
  storage_mb            = 32768
  backup_retention_days = var.backup_days

  delegated_subnet_id           = azurerm_subnet.database.id
  private_dns_zone_id           = azurerm_private_dns_zone.database.id
  public_network_access_enabled = false

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = false
    tenant_id                     = var.tenant_id
  }

  lifecycle {
    # Azure chooses the zone, and may move the server. To be rid of the catalogue, take the last line away.
    ignore_changes  = [zone]
    prevent_destroy = true
  }

  depends_on = [azurerm_private_dns_zone_virtual_network_link.database]
}

resource "azurerm_postgresql_flexible_server_configuration" "this" {
  for_each = {
    require_secure_transport = "ON"
    ssl_min_protocol_version = "TLSv1.2"
    log_checkpoints          = "ON"
  }

  name      = each.key
  server_id = azurerm_postgresql_flexible_server.this.id
  value     = each.value
}

# Who makes the database, and gives each its rights: database/prepare.sql. On Container Apps it is an identity that runs one job;
# on Kubernetes it is a person, of the group below. Neither who migrates nor who serves administers anything.
resource "azurerm_postgresql_flexible_server_active_directory_administrator" "prepare" {
  count = local.aca ? 1 : 0

  server_name         = azurerm_postgresql_flexible_server.this.name
  resource_group_name = local.group
  tenant_id           = var.tenant_id
  object_id           = data.azurerm_user_assigned_identity.prepare[0].principal_id
  principal_name      = data.azurerm_user_assigned_identity.prepare[0].name
  principal_type      = "ServicePrincipal"
}

resource "azurerm_postgresql_flexible_server_active_directory_administrator" "people" {
  count = var.database_admins == null ? 0 : 1

  server_name         = azurerm_postgresql_flexible_server.this.name
  resource_group_name = local.group
  tenant_id           = var.tenant_id
  object_id           = var.database_admins.object_id
  principal_name      = var.database_admins.name
  principal_type      = "Group"

  # Azure takes one change of a server at a time.
  depends_on = [azurerm_postgresql_flexible_server_active_directory_administrator.prepare]
}

locals {
  database_host = azurerm_postgresql_flexible_server.this.fqdn

  # The name in the URL is the identity's: it signs in with a token of Entra, which it fetches for each connection.
  database_urls = {
    for job, identity in {
      serve   = data.azurerm_user_assigned_identity.serve
      migrate = data.azurerm_user_assigned_identity.migrate
    } : job => "postgres://${identity.name}@${local.database_host}/${local.name}${local.becomes[job]}"
  }

  # Tables belong to a role of the database's own, in whose name the service has its rights in tables to come.
  becomes = {
    serve   = ""
    migrate = "?options=-c%20role%3D${local.name}_owner"
  }
}
