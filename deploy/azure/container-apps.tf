# fruits on Container Apps: TLS and a name from Azure, scaled to nothing while nobody calls.

locals {
  port = 8080

  environment = merge(var.settings, {
    DATABASE_URL    = local.database_urls["serve"]
    DATABASE_AUTH   = "azure"
    AZURE_CLIENT_ID = data.azurerm_user_assigned_identity.serve.client_id
    # New code starts when its migration is done; it never migrates by itself.
    MIGRATE = "off"
    # Reads are open, and adding a fruit if so decided; whoever changes something else shows a token.
    API_TOKENS_FILE     = "/tokens/api-tokens"
    ALLOW_ANONYMOUS_ADD = tostring(var.anonymous_add)
    # The candidate has a name of its own until it has the traffic.
    ALLOWED_HOSTS      = local.aca ? join(",", [local.host, local.candidate_host]) : ""
    TRUSTED_PROXY_HOPS = "1"
  })

  domain         = one(azurerm_container_app_environment.this[*].default_domain)
  host           = local.aca ? "${local.name}.${local.domain}" : null
  candidate_host = local.aca ? "${local.name}---candidate.${local.domain}" : null
}

resource "azurerm_container_app_environment" "this" {
  count = local.aca ? 1 : 0

  name                     = "cae-${local.name}"
  resource_group_name      = local.group
  location                 = var.location
  infrastructure_subnet_id = azurerm_subnet.compute.id

  logs_destination           = "log-analytics"
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id

  workload_profile {
    name                  = "Consumption"
    workload_profile_type = "Consumption"
  }
}

resource "azurerm_container_app" "fruits" {
  count = local.aca ? 1 : 0

  name                         = local.name
  resource_group_name          = local.group
  container_app_environment_id = azurerm_container_app_environment.this[0].id
  workload_profile_name        = "Consumption"

  # A new revision beside the old one: tried first, given the traffic then, gone back from in a moment. None becomes inactive
  # by itself, and an active one keeps replicas_min running: docs/operations/delivery.md. Of those that are inactive, Azure
  # deletes the oldest.
  revision_mode          = "Multiple"
  max_inactive_revisions = 5

  identity {
    type         = "UserAssigned"
    identity_ids = [data.azurerm_user_assigned_identity.serve.id]
  }

  secret {
    name                = "api-tokens"
    identity            = data.azurerm_user_assigned_identity.serve.id
    key_vault_secret_id = local.tokens_secret
  }

  ingress {
    external_enabled           = true
    target_port                = local.port
    transport                  = "auto"
    allow_insecure_connections = false

    traffic_weight {
      latest_revision = true
      percentage      = 100
    }
  }

  template {
    min_replicas                     = var.replicas_min
    max_replicas                     = var.replicas_max
    termination_grace_period_seconds = 30

    http_scale_rule {
      name                = "http"
      concurrent_requests = "50"
    }

    volume {
      name         = "tokens"
      storage_type = "Secret"
    }

    container {
      name   = local.name
      image  = var.image
      cpu    = 0.25
      memory = "0.5Gi"

      dynamic "env" {
        for_each = local.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      volume_mounts {
        name = "tokens"
        path = "/tokens"
      }

      startup_probe {
        transport               = "HTTP"
        port                    = local.port
        path                    = "/livez"
        interval_seconds        = 1
        failure_count_threshold = 30
      }
      liveness_probe {
        transport = "HTTP"
        port      = local.port
        path      = "/livez"
      }
      readiness_probe {
        transport = "HTTP"
        port      = local.port
        path      = "/readyz"
      }
    }
  }

  lifecycle {
    # The pipeline's: what runs, and who gets the traffic.
    ignore_changes = [
      ingress[0].traffic_weight,
      template[0].container[0].image,
      template[0].revision_suffix,
    ]
  }
}
