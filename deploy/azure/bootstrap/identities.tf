# One identity for each job, each with the least that it needs, and no secret for any of them.
#
# They stand in the group that the pipelines only use: nobody who deploys can make one, or give one more than it has.

locals {
  identities = {
    serve   = "id-${local.name}"         # what fruits runs as: reads and writes rows
    migrate = "id-${local.name}-migrate" # becomes the owner of the schema, and of nothing else on the server
    prepare = "id-${local.name}-prepare" # administers the server, to make the database once, on Container Apps
    deploy  = "id-${local.name}-deploy"  # puts new images into service
    plan    = "id-${local.name}-plan"    # says what a change of deploy/azure would do
    apply   = "id-${local.name}-apply"   # makes and changes what deploy/azure describes
    cluster = "id-${local.name}-cluster" # what the cluster itself runs as, where there is one
  }
}

resource "azurerm_user_assigned_identity" "this" {
  for_each = { for job, name in local.identities : job => name if !contains(var.platform == "aks" ? ["prepare"] : ["cluster"], job) }

  name                = each.value
  resource_group_name = azurerm_resource_group.foundation.name
  location            = var.location
}
