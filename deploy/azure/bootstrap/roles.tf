# Who may do what. Contributor makes and changes resources, and gives no rights: those are all here.

locals {
  groups = {
    fruits     = azurerm_resource_group.fruits.id
    foundation = azurerm_resource_group.foundation.id
  }

  grants = merge(
    {
      "plan looks at what there is"      = { job = "plan", role = "Reader", scope = local.groups.fruits }
      "plan looks at what it stands on"  = { job = "plan", role = "Reader", scope = local.groups.foundation }
      "plan reads states"                = { job = "plan", role = "Storage Blob Data Reader", scope = azurerm_storage_account.state.id }
      "apply changes what there is"      = { job = "apply", role = "Contributor", scope = local.groups.fruits }
      "apply looks at what it stands on" = { job = "apply", role = "Reader", scope = local.groups.foundation }
      "apply writes states"              = { job = "apply", role = "Storage Blob Data Contributor", scope = azurerm_storage_account.state.id }
    },
    # Whoever makes a container app, a job or a cluster says what it runs as; deploying says it again.
    {
      for pair in setproduct(["apply", "deploy"], keys(local.runs_as)) :
      "${pair[0]} uses ${pair[1]}" => { job = pair[0], role = "Managed Identity Operator", scope = local.runs_as[pair[1]] }
    },
    var.platform == "aca" ? {
      "deploy changes the app"  = { job = "deploy", role = "Container Apps Contributor", scope = local.groups.fruits }
      "deploy changes its jobs" = { job = "deploy", role = "Container Apps Jobs Contributor", scope = local.groups.fruits }
    } : {},
    var.platform == "aks" ? {
      "deploy finds the cluster"       = { job = "deploy", role = "Azure Kubernetes Service Cluster User Role", scope = local.groups.fruits }
      "deploy writes into the cluster" = { job = "deploy", role = "Azure Kubernetes Service RBAC Writer", scope = local.groups.fruits }
      "cluster joins its network"      = { job = "cluster", role = "Network Contributor", scope = local.groups.fruits }
      # Pods take an identity by a federation of its own, which is known once there is a cluster.
      "apply lends serve to pods"   = { job = "apply", role = "Managed Identity Contributor", scope = azurerm_user_assigned_identity.this["serve"].id }
      "apply lends migrate to pods" = { job = "apply", role = "Managed Identity Contributor", scope = azurerm_user_assigned_identity.this["migrate"].id }
    } : {},
  )

  runs_as = { for job, identity in azurerm_user_assigned_identity.this : job => identity.id if contains(["serve", "migrate", "cluster"], job) }
}

resource "azurerm_role_assignment" "this" {
  for_each = local.grants

  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.this[each.value.job].principal_id
  principal_type       = "ServicePrincipal"
  description          = each.key
}

# What Reader lacks, and a plan asks all the same. What they answer names secrets, and holds the values of none.
resource "azurerm_role_definition" "plan" {
  name        = "${local.name} plan"
  scope       = azurerm_resource_group.fruits.id
  description = "Asks what Terraform compares with, where reading is called an action"

  permissions {
    actions = [
      "Microsoft.App/containerApps/listSecrets/action",
      "Microsoft.App/jobs/listSecrets/action",
      "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    ]
  }

  assignable_scopes = [azurerm_resource_group.fruits.id]
}

resource "azurerm_role_assignment" "plan_asks" {
  scope              = azurerm_resource_group.fruits.id
  role_definition_id = azurerm_role_definition.plan.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.this["plan"].principal_id
  principal_type     = "ServicePrincipal"
}
