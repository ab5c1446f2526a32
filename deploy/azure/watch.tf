# Logs for a month, and who hears of trouble.

resource "azurerm_log_analytics_workspace" "this" {
  name                = "log-${local.name}"
  resource_group_name = local.group
  location            = var.location
  sku                 = "PerGB2018"
  retention_in_days   = 30
  # What load, or a loop, could cost in logs.
  daily_quota_gb = 0.5
}

resource "azurerm_monitor_action_group" "this" {
  count = var.alert_email == null ? 0 : 1

  name                = "ag-${local.name}"
  resource_group_name = local.group
  short_name          = local.name

  email_receiver {
    name          = "who is called"
    email_address = var.alert_email
  }
}

locals {
  alerts = merge(
    {
      database-full = {
        description = "The database's disk is nearly full; a full one takes no more fruits."
        scope       = azurerm_postgresql_flexible_server.this.id
        namespace   = "Microsoft.DBforPostgreSQL/flexibleServers"
        metric      = "storage_percent"
        aggregation = "Average"
        operator    = "GreaterThan"
        threshold   = 85
        window      = "PT15M"
        status      = ""
      }
      database-down = {
        description = "The database does not answer."
        scope       = azurerm_postgresql_flexible_server.this.id
        namespace   = "Microsoft.DBforPostgreSQL/flexibleServers"
        metric      = "is_db_alive"
        aggregation = "Maximum"
        operator    = "LessThan"
        threshold   = 1
        window      = "PT5M"
        status      = ""
      }
    },
    local.aca ? {
      failures = {
        description = "fruits answers with failures of its own. docs/operations/delivery.md says how to go back to the previous revision."
        scope       = azurerm_container_app.fruits[0].id
        namespace   = "Microsoft.App/containerApps"
        metric      = "Requests"
        aggregation = "Total"
        operator    = "GreaterThan"
        threshold   = 10
        window      = "PT5M"
        status      = "5xx"
      }
      restarts = {
        description = "fruits starts again and again: its logs say why."
        scope       = azurerm_container_app.fruits[0].id
        namespace   = "Microsoft.App/containerApps"
        metric      = "RestartCount"
        aggregation = "Maximum"
        operator    = "GreaterThan"
        threshold   = 3
        window      = "PT15M"
        status      = ""
      }
    } : {},
  )
}

resource "azurerm_monitor_metric_alert" "this" {
  for_each = var.alert_email == null ? {} : local.alerts

  name                = "${local.name}-${each.key}"
  description         = each.value.description
  resource_group_name = local.group
  scopes              = [each.value.scope]
  severity            = 1
  frequency           = "PT1M"
  window_size         = each.value.window

  criteria {
    metric_namespace = each.value.namespace
    metric_name      = each.value.metric
    aggregation      = each.value.aggregation
    operator         = each.value.operator
    threshold        = each.value.threshold

    dynamic "dimension" {
      for_each = compact([each.value.status])
      content {
        name     = "statusCodeCategory"
        operator = "Include"
        values   = [dimension.value]
      }
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.this[0].id
  }
}
