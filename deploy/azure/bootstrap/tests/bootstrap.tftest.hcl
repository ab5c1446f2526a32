# Who may do what. A role that is added anywhere has to be added here, in sight of whoever reviews it.

mock_provider "azurerm" {
  override_during = plan
}

variables {
  subscription_id        = "00000000-0000-0000-0000-000000000000"
  tenant_id              = "00000000-0000-0000-0000-000000000001"
  github_repository      = "owner/name"
  token_keeper_object_id = "00000000-0000-0000-0000-000000000002"
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
      "deploy: Managed Identity Operator",
    ])
    error_message = "An identity has other roles than those listed."
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
      plan   = "repo:owner/name:pull_request"
      apply  = "repo:owner/name:environment:fruits-infrastructure"
      deploy = "repo:owner/name:environment:fruits"
    })
    error_message = "An identity can be used from elsewhere."
  }
}

run "states_and_tokens_are_private_and_kept" {
  command = plan

  assert {
    condition = (
      !azurerm_storage_account.state.shared_access_key_enabled &&
      !azurerm_storage_account.state.allow_nested_items_to_be_public &&
      azurerm_storage_container.state.container_access_type == "private"
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
    condition     = length(azurerm_consumption_budget_resource_group.monthly) == 1
    error_message = "There is an address, and no budget."
  }

  assert {
    condition     = azurerm_consumption_budget_resource_group.monthly[0].time_period[0].start_date == formatdate("YYYY-MM-'01T00:00:00Z'", plantimestamp())
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
    var.token_keeper_object_id,
    var.budget_email,
    var.budget_monthly,
    var.budget_start,
  ]
}
