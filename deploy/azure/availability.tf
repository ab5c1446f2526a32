# Whether callers reach fruits, asked from outside: what the app's own figures cannot tell while no request arrives.
#
# It is not free, and it calls: an app without replicas is started for each try, and hardly ever stops again.

locals {
  tried_from_outside = local.aca && var.availability_test
}

resource "azurerm_application_insights" "this" {
  count = local.tried_from_outside ? 1 : 0

  name                = "appi-${local.name}"
  resource_group_name = local.group
  location            = var.location
  application_type    = "other"
  # What it keeps counts towards the quota of the logs.
  workspace_id = azurerm_log_analytics_workspace.this.id
}

resource "azurerm_application_insights_standard_web_test" "ping" {
  count = local.tried_from_outside ? 1 : 0

  name                    = "${local.name}-ping"
  resource_group_name     = local.group
  location                = var.location
  application_insights_id = azurerm_application_insights.this[0].id
  description             = "Asks /ping from three places, and looks at the certificate"

  enabled       = true
  retry_enabled = true
  frequency     = 900
  # A replica has to be started first, where none runs.
  timeout       = 60
  geo_locations = ["emea-nl-ams-azr", "emea-gb-db3-azr", "us-va-ash-azr"]

  request {
    url                              = "https://${local.host}/ping"
    parse_dependent_requests_enabled = false
  }

  validation_rules {
    expected_status_code        = 200
    ssl_check_enabled           = true
    ssl_cert_remaining_lifetime = 7
    content {
      content_match      = "pong"
      pass_if_text_found = true
    }
  }
}

resource "azurerm_monitor_metric_alert" "unreachable" {
  count = local.tried_from_outside && var.alert_email != null ? 1 : 0

  name                = "${local.name}-unreachable"
  description         = "fruits does not answer from two places or more: its certificate, its name, or the app itself."
  resource_group_name = local.group
  scopes              = [azurerm_application_insights.this[0].id, azurerm_application_insights_standard_web_test.ping[0].id]
  severity            = 1
  frequency           = "PT5M"
  window_size         = "PT30M"

  application_insights_web_test_location_availability_criteria {
    component_id          = azurerm_application_insights.this[0].id
    web_test_id           = azurerm_application_insights_standard_web_test.ping[0].id
    failed_location_count = 2
  }

  action {
    action_group_id = azurerm_monitor_action_group.this[0].id
  }
}
