# What is done to the database around the service: made ready once, migrated before each new image.

resource "azurerm_container_app_job" "migrate" {
  count = local.aca ? 1 : 0

  name                         = "${local.name}-migrate"
  resource_group_name          = local.group
  location                     = var.location
  container_app_environment_id = azurerm_container_app_environment.this[0].id
  workload_profile_name        = "Consumption"

  replica_timeout_in_seconds = 600
  replica_retry_limit        = 0
  manual_trigger_config {}

  identity {
    type         = "UserAssigned"
    identity_ids = [data.azurerm_user_assigned_identity.migrate.id]
  }

  template {
    container {
      name   = "migrate"
      image  = var.image
      args   = ["migrate"]
      cpu    = 0.25
      memory = "0.5Gi"

      env {
        name  = "DATABASE_URL"
        value = local.database_urls["migrate"]
      }
      env {
        name  = "DATABASE_AUTH"
        value = "azure"
      }
      env {
        name  = "AZURE_CLIENT_ID"
        value = data.azurerm_user_assigned_identity.migrate.client_id
      }
    }
  }

  lifecycle {
    # The pipeline's: each image migrates to its own schema.
    ignore_changes = [template[0].container[0].image]
  }
}

# Started once by a person: `az containerapp job start --resource-group rg-fruits --name fruits-prepare`.
resource "azurerm_container_app_job" "prepare" {
  count = local.aca ? 1 : 0

  name                         = "${local.name}-prepare"
  resource_group_name          = local.group
  location                     = var.location
  container_app_environment_id = azurerm_container_app_environment.this[0].id
  workload_profile_name        = "Consumption"

  replica_timeout_in_seconds = 120
  replica_retry_limit        = 0
  manual_trigger_config {}

  identity {
    type         = "UserAssigned"
    identity_ids = [data.azurerm_user_assigned_identity.prepare[0].id]
  }

  template {
    container {
      name    = "prepare"
      image   = "docker.io/library/postgres:17-alpine@sha256:742f40ea20b9ff2ff31db5458d127452988a2164df9e17441e191f3b72252193"
      command = ["/bin/sh", "-c", file("${path.module}/database/prepare.sh")]
      cpu     = 0.25
      memory  = "0.5Gi"

      dynamic "env" {
        for_each = {
          AZURE_CLIENT_ID = data.azurerm_user_assigned_identity.prepare[0].client_id
          DATABASE        = local.name
          PGHOST          = local.database_host
          MIGRATE_ROLE    = data.azurerm_user_assigned_identity.migrate.name
          PGUSER          = data.azurerm_user_assigned_identity.prepare[0].name
          PREPARE_SQL     = file("${path.module}/database/prepare.sql")
          SERVICE_ROLE    = data.azurerm_user_assigned_identity.serve.name
        }
        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }

  depends_on = [azurerm_postgresql_flexible_server_active_directory_administrator.prepare]
}
