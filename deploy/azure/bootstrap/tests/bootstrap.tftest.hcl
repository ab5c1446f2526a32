# Who may do what. A role that is added anywhere has to be added here, in sight of whoever reviews it.

mock_provider "azurerm" {
  override_during = plan
}

variables {
  subscription_id        = "00000000-0000-0000-0000-000000000000"
  tenant_id              = "00000000-0000-0000-0000-000000000001"
  github_repository      = "owner/name"
  github_owner_id        = "45"
  github_repository_id   = "123"
  token_keeper_object_id = "00000000-0000-0000-0000-000000000002"
  deployable             = true
}

override_resource {
  target          = azurerm_resource_group.fruits
  override_during = plan
  values          = { id = "/subscriptions/s/resourceGroups/rg-fruits" }
}
override_resource {
  target          = azurerm_storage_container.state["terraform"]
  override_during = plan
  values          = { id = "container of fruits" }
}
override_resource {
  target          = azurerm_user_assigned_identity.this["serve"]
  override_during = plan
  values          = { id = "serve" }
}
override_resource {
  target          = azurerm_user_assigned_identity.this["migrate"]
  override_during = plan
  values          = { id = "migrate" }
}

run "container_apps_take_these_roles_and_no_others" {
  command = plan

  assert {
    condition = toset([for grant in local.grants : "${grant.job}: ${grant.role}"]) == toset([
      "plan: Reader",
      "plan: Storage Blob Data Reader",
      "apply: Contributor",
      "apply: Managed Identity Operator",
      "apply: Reader",
      "apply: Storage Blob Data Contributor",
      "deploy: Container Apps Contributor",
      "deploy: Container Apps Jobs Contributor",
      "deploy: Managed Identity Operator",
    ])
    error_message = "An identity has other roles than those listed."
  }

  # The app and its migration, and no other app or job that there is or could be.
  assert {
    condition = { for name, grant in local.grants : name => grant.scope if grant.job == "deploy" } == {
      "deploy changes its migration" = "/subscriptions/s/resourceGroups/rg-fruits/providers/Microsoft.App/jobs/fruits-migrate"
      "deploy changes the app"       = "/subscriptions/s/resourceGroups/rg-fruits/providers/Microsoft.App/containerApps/fruits"
      "deploy uses migrate"          = "migrate"
      "deploy uses serve"            = "serve"
    }
    error_message = "Who deploys can change more than the app and its migration, or run as who administers the database."
  }

  assert {
    condition = azurerm_role_definition.deploy[0].permissions[0].actions == tolist([
      "Microsoft.App/managedEnvironments/join/action",
      "Microsoft.App/managedEnvironments/read",
    ])
    error_message = "Who deploys can change the environment."
  }

  assert {
    condition     = !contains(keys(azurerm_user_assigned_identity.this), "cluster")
    error_message = "There is an identity for a cluster that does not exist."
  }

  assert {
    condition = azurerm_role_definition.plan.permissions[0].actions == tolist([
      "Microsoft.App/containerApps/listSecrets/action",
      "Microsoft.App/jobs/listSecrets/action",
      "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    ])
    error_message = "The identity that plans may do more than ask."
  }
}

run "a_cluster_takes_these_roles_and_no_others" {
  command = plan

  variables {
    platform = "aks"
  }

  assert {
    condition = toset([for grant in local.grants : "${grant.job}: ${grant.role}"]) == toset([
      "plan: Reader",
      "plan: Storage Blob Data Reader",
      "apply: Contributor",
      "apply: Managed Identity Contributor",
      "apply: Managed Identity Operator",
      "apply: Reader",
      "apply: Storage Blob Data Contributor",
      "cluster: Network Contributor",
      "deploy: Azure Kubernetes Service Cluster User Role",
      "deploy: Azure Kubernetes Service RBAC Writer",
    ])
    error_message = "An identity has other roles than those listed."
  }

  assert {
    condition = { for name, grant in local.grants : name => grant.scope if grant.job == "deploy" } == {
      "deploy finds the cluster"         = "/subscriptions/s/resourceGroups/rg-fruits/providers/Microsoft.ContainerService/managedClusters/aks-fruits"
      "deploy writes into its namespace" = "/subscriptions/s/resourceGroups/rg-fruits/providers/Microsoft.ContainerService/managedClusters/aks-fruits/namespaces/fruits"
    }
    error_message = "Who deploys writes into other namespaces than its own."
  }

  assert {
    condition     = !contains(keys(azurerm_user_assigned_identity.this), "prepare")
    error_message = "There is an identity to prepare the database, which a person does here."
  }
}

run "nobody_deploys_before_there_is_something" {
  command = plan

  variables {
    deployable = false
  }

  assert {
    condition     = toset([for grant in local.grants : grant.role if grant.job == "deploy"]) == toset(["Managed Identity Operator"])
    error_message = "A right is given on what is not there yet, which Azure refuses."
  }
}

run "the_state_of_bootstrap_is_no_pipelines" {
  command = plan

  assert {
    condition     = toset([for grant in local.grants : grant.scope if strcontains(grant.role, "Storage")]) == toset(["container of fruits"])
    error_message = "A pipeline reaches another state than that of fruits."
  }

  assert {
    condition     = toset([for container in azurerm_storage_container.state : container.name]) == toset(["bootstrap", "terraform"])
    error_message = "The state of bootstrap is not kept apart."
  }
}

run "nobody_who_deploys_gives_rights" {
  command = plan

  assert {
    condition = alltrue([
      for grant in local.grants : !contains(["Owner", "User Access Administrator", "Role Based Access Control Administrator"], grant.role)
    ])
    error_message = "A pipeline could give rights."
  }
}

run "each_identity_is_for_one_place_of_one_repository" {
  command = plan

  assert {
    condition = tomap({ for job, credential in azurerm_federated_identity_credential.github : job => credential.subject }) == tomap({
      plan   = "repo:owner@45/name@123:pull_request"
      apply  = "repo:owner@45/name@123:environment:fruits-infrastructure"
      deploy = "repo:owner@45/name@123:environment:fruits"
    })
    error_message = "An identity can be used from elsewhere, or by whoever takes over a name that became free."
  }
}

run "an_older_repository_has_names_alone" {
  command = plan

  variables {
    github_owner_id      = null
    github_repository_id = null
  }

  assert {
    condition = tomap({ for job, credential in azurerm_federated_identity_credential.github : job => credential.subject }) == tomap({
      plan   = "repo:owner/name:pull_request"
      apply  = "repo:owner/name:environment:fruits-infrastructure"
      deploy = "repo:owner/name:environment:fruits"
    })
    error_message = "A repository that was not switched over is refused."
  }
}

run "one_number_without_the_other_is_refused" {
  command = plan

  variables {
    github_owner_id = null
  }

  expect_failures = [azurerm_federated_identity_credential.github]
}

run "states_and_tokens_are_private_and_kept" {
  command = plan

  assert {
    condition = (
      !azurerm_storage_account.state.shared_access_key_enabled &&
      !azurerm_storage_account.state.allow_nested_items_to_be_public &&
      alltrue([for container in azurerm_storage_container.state : container.container_access_type == "private"])
    )
    error_message = "States can be read with a key, or by anyone."
  }

  assert {
    condition     = azurerm_storage_account.state.blob_properties[0].versioning_enabled && azurerm_key_vault.this.purge_protection_enabled
    error_message = "A state or the tokens could be lost."
  }

  assert {
    condition     = azurerm_role_assignment.serve_reads_tokens.role_definition_name == "Key Vault Secrets User"
    error_message = "The service can change who may call it."
  }
}

run "a_budget_takes_an_address" {
  command = plan

  variables {
    budget_email = "someone@example.com"
  }

  assert {
    condition     = length(azurerm_consumption_budget_subscription.monthly) == 1
    error_message = "There is an address, and no budget."
  }

  assert {
    condition = toset(flatten([
      for dimension in azurerm_consumption_budget_subscription.monthly[0].filter[0].dimension : dimension.values
    ])) == toset(["rg-fruits", "rg-fruits-foundation", "rg-fruits-nodes"])
    error_message = "The budget does not count all groups, such as that of a cluster's machines."
  }

  assert {
    condition     = azurerm_consumption_budget_subscription.monthly[0].time_period[0].start_date == formatdate("YYYY-MM-'01T00:00:00Z'", plantimestamp())
    error_message = "The budget begins in another month than it is made in."
  }
}

run "nonsense_is_refused" {
  command = plan

  variables {
    subscription_id        = "mine"
    tenant_id              = "example.com"
    location               = "West Europe"
    platform               = "vm"
    github_repository      = "name"
    github_owner_id        = "owner"
    github_repository_id   = "owner/name"
    token_keeper_object_id = "me"
    budget_email           = "someone"
    budget_monthly         = 0
    budget_start           = "2026-12-24T00:00:00Z"
  }

  expect_failures = [
    var.subscription_id,
    var.tenant_id,
    var.location,
    var.platform,
    var.github_repository,
    var.github_owner_id,
    var.github_repository_id,
    var.token_keeper_object_id,
    var.budget_email,
    var.budget_monthly,
    var.budget_start,
  ]
}
