# Warns whoever pays, where an address is given. It counts three groups: both of this stack, and the one that Azure makes for
# the machines of a cluster and all that belongs to them, which are most of what one costs.

resource "azurerm_consumption_budget_subscription" "monthly" {
  count = var.budget_email == null ? 0 : 1

  name            = local.name
  subscription_id = "/subscriptions/${var.subscription_id}"
  amount          = var.budget_monthly
  time_grain      = "Monthly"

  filter {
    dimension {
      name   = "ResourceGroupName"
      values = [azurerm_resource_group.fruits.name, azurerm_resource_group.foundation.name, "${azurerm_resource_group.fruits.name}-nodes"]
    }
  }

  time_period {
    start_date = coalesce(var.budget_start, formatdate("YYYY-MM-'01T00:00:00Z'", plantimestamp()))
  }

  notification {
    operator       = "GreaterThanOrEqualTo"
    threshold      = 50
    threshold_type = "Actual"
    contact_emails = [var.budget_email]
  }
  notification {
    operator       = "GreaterThanOrEqualTo"
    threshold      = 100
    threshold_type = "Forecasted"
    contact_emails = [var.budget_email]
  }

  lifecycle {
    # It began when it was made.
    ignore_changes = [time_period]
  }
}
