# Warns whoever pays, where an address is given.

resource "azurerm_consumption_budget_resource_group" "monthly" {
  count = var.budget_email == null ? 0 : 1

  name              = local.name
  resource_group_id = azurerm_resource_group.fruits.id
  amount            = var.budget_monthly
  time_grain        = "Monthly"

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
