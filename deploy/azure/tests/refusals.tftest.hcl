# Each variable refuses what could not work, before anything is asked of Azure.

mock_provider "azurerm" {
  override_during = plan
}

run "nonsense_is_refused" {
  command = plan

  variables {
    subscription_id    = "mine"
    tenant_id          = "example.com"
    location           = "West Europe"
    platform           = "vm"
    image              = "fruits"
    replicas_min       = 0.5
    nodes              = 0
    cluster_api_ranges = ["anywhere"]
    backup_days        = 6
    alert_email        = "someone"
  }

  expect_failures = [
    var.subscription_id,
    var.tenant_id,
    var.location,
    var.platform,
    var.image,
    var.replicas_min,
    var.nodes,
    var.cluster_api_ranges,
    var.backup_days,
    var.alert_email,
  ]
}

run "a_ceiling_is_a_ceiling" {
  command = plan

  variables {
    subscription_id = "00000000-0000-0000-0000-000000000000"
    tenant_id       = "00000000-0000-0000-0000-000000000001"
    replicas_max    = 31
  }

  expect_failures = [var.replicas_max]
}

run "at_most_is_not_less_than_at_least" {
  command = plan

  variables {
    subscription_id = "00000000-0000-0000-0000-000000000000"
    tenant_id       = "00000000-0000-0000-0000-000000000001"
    replicas_min    = 4
  }

  expect_failures = [var.replicas_max]
}

run "settings_cannot_undo_what_is_decided_here" {
  command = plan

  variables {
    subscription_id = "00000000-0000-0000-0000-000000000000"
    tenant_id       = "00000000-0000-0000-0000-000000000001"
    settings        = { API_TOKENS_FILE = "" }
  }

  expect_failures = [var.settings]
}

run "somebody_prepares_the_database_of_a_cluster" {
  command = plan

  variables {
    subscription_id = "00000000-0000-0000-0000-000000000000"
    tenant_id       = "00000000-0000-0000-0000-000000000001"
    platform        = "aks"
  }

  expect_failures = [var.database_admins]
}
