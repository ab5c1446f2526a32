# Warns whoever pays, where an address is given.

resource "azurerm_consumption_budget_resource_group" "monthly" {
  count = var.budget_email == null ? 0 : 1

  name              = local.name
  resource_group_id = azurerm_resource_group.fruits.id
  amount            = var.budget_monthly
  time_grain        = "Monthly"

  time_period {
    start_date = var.budget_start
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
}
