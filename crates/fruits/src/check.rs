//! What `check` says about the catalogue, without changing anything.

use std::path::{Path, absolute};

use anyhow::{Context as _, ensure};
use chassis::Finding;
use rustix::fs::{Access, access};

use crate::{
    Error,
    settings::{Location, Migrate, Settings},
    store::{
        postgres::{
            Target,
            inspection::{self, Inspection},
        },
        sqlite::{self, migrations},
    },
};

/// Looks whether the catalogue could be served. It never makes the file, never migrates anything, and works beside a
/// running server.
pub async fn check(settings: &Settings, data_dir: &Path) -> Vec<Finding> {
    match settings.location(data_dir) {
        Ok(Location::Sqlite(path)) => {
            let outcome = check_file(&path, settings.migrate(&Location::Sqlite(path.clone())));
            let outcome = outcome.map_err(sqlite::said_once);
            vec![Finding { dependency: format!("catalogue sqlite:{}", path.display()), outcome }]
        }
        Ok(Location::Postgres(target)) => check_database(*target, settings.migrate).await,
        Err(fault) => vec![Finding { dependency: "catalogue".to_owned(), outcome: Err(fault.into()) }],
    }
}

async fn check_database(target: Target, migrate: Option<Migrate>) -> Vec<Finding> {
    let shown = target.to_string();
    let Inspection { server, schema, rights } = inspection::inspect(target).await;
    let schema = schema.map(|outcome| match outcome.map_err(anyhow::Error::new) {
        Err(error)
            if migrate == Some(Migrate::Auto)
                && matches!(error.downcast_ref(), Some(Error::SchemaBehind { .. })) =>
        {
            Ok("it is behind, and a server will migrate it".to_owned())
        }
        outcome => outcome,
    });
    [("", Some(server)), (": schema", schema), (": rights", rights)]
        .into_iter()
        .filter_map(|(part, outcome)| {
            Some(Finding { dependency: format!("catalogue {shown}{part}"), outcome: outcome? })
        })
        .collect()
}

fn check_file(path: &Path, migrate: Migrate) -> anyhow::Result<String> {
    let latest = migrations::latest();
    let schema = match sqlite::inspect(path)? {
        sqlite::Inspection::Missing if migrate == Migrate::Auto => return check_folder_above(path),
        sqlite::Inspection::Missing => 0,
        sqlite::Inspection::Catalogue { schema } => schema,
    };
    ensure!(schema == latest || migrate == Migrate::Auto, sqlite::behind(schema));
    ensure!(access(path, Access::WRITE_OK).is_ok(), "this user may not write to it");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    ensure!(may_create_in(folder), "this user may not make files beside it, which its log needs");
    let migration =
        if schema == latest { String::new() } else { format!(" and will be migrated to {latest}") };
    let server = sqlite::holder(path).map_or_else(String::new, |holder| {
        let process = holder.id.map_or_else(|| "another process".to_owned(), |id| format!("process {id}"));
        format!("; it is used by {process}, which serves it or imports into it, so another server would be refused")
    });
    Ok(format!("it is sound, its schema is at version {schema}{migration}{server}"))
}

fn check_folder_above(path: &Path) -> anyhow::Result<String> {
    let path = absolute(path).context("the working directory is gone")?;
    let folder = path.ancestors().skip(1).find(|folder| folder.exists()).context("it is below nothing")?;
    let shown = folder.display();
    ensure!(folder.is_dir(), "it cannot be created: {shown} is not a folder");
    ensure!(may_create_in(folder), "it cannot be created: this user may not write to {shown}");
    Ok(format!("it will be created in {shown}, which is writable"))
}

fn may_create_in(folder: &Path) -> bool {
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}
