# GitHub's own word for who runs takes the place of passwords. Each identity is for one place in one repository.

locals {
  subject = "repo:${var.github_repository}"

  # A pull request can only plan. What changes something runs in an environment of its own, which GitHub keeps to main.
  subjects = {
    plan   = "${local.subject}:pull_request"
    apply  = "${local.subject}:environment:fruits-infrastructure"
    deploy = "${local.subject}:environment:fruits"
  }
}

resource "azurerm_federated_identity_credential" "github" {
  for_each = local.subjects

  name                      = "github"
  user_assigned_identity_id = azurerm_user_assigned_identity.this[each.key].id
  audience                  = ["api://AzureADTokenExchange"]
  issuer                    = "https://token.actions.githubusercontent.com"
  subject                   = each.value
}
