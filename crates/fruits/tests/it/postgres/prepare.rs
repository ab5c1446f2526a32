//! The script that makes a database on Azure ready, as docs/operations/delivery.md has it run: by somebody who administers
//! the server, is no superuser, and has no say over the roles that Entra makes.

use std::{fs::File, path::Path, process::Command};

use fruits::{
    Settings, Store,
    settings::{Location, Migrate, PostgresSettings},
    store::Postgres,
};

use crate::support::{
    Database,
    cluster::{self, Cluster},
    new_fruit, target,
};

/// Azure's function in its least generous form: whoever calls it has no right over the role that it makes.
const ADMINISTRATOR: &str = "
    CREATE ROLE administrator LOGIN CREATEROLE CREATEDB;
    CREATE FUNCTION pgaadauth_create_principal(name text, is_admin boolean, is_mfa boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN EXECUTE format('CREATE ROLE %I LOGIN', name); RETURN name; END $$";

fn prepare(cluster: &Cluster) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/azure/database/prepare.sql");
    let status = Command::new(cluster::program("psql"))
        .args(["--no-psqlrc", "--quiet", "--set=service=id-fruits", "--set=migrate=id-fruits-migrate"])
        .args(["--set=database=fruits", "--file=-", &cluster.url_of("administrator", "postgres", "")])
        .stdin(File::open(script).expect("the script"))
        .status();
    assert!(status.expect("psql").success());
}

/// The catalogue as this role finds it.
fn of(cluster: &Cluster, role: &str, parameters: &str) -> Settings {
    let url = cluster.url_of(role, "fruits", parameters);
    Settings { database_url: url.parse().ok(), postgres: PostgresSettings::default(), ..Settings::default() }
}

#[tokio::test]
async fn the_service_has_its_rights_in_tables_that_are_made_later() {
    // Roles are the whole server's, so that it is one of the test's own.
    let cluster = Cluster::start(&["-c", "fsync=off"]);
    Database::existing(&cluster, "postgres").execute(ADMINISTRATOR);
    prepare(&cluster);
    prepare(&cluster);
    let migrating = target(&of(&cluster, "id-fruits-migrate", "&options=-c%20role%3Dfruits_owner"));
    Store::migrate(&Location::Postgres(Box::new(migrating))).await.expect("a migration");

    let service = Postgres::open(target(&of(&cluster, "id-fruits", "")), Migrate::Off).expect("a catalogue");
    service.ready().await.expect("rights in all that the migration made");
    service.add(new_fruit("apple")).await.expect("a right to write");
    prepare(&cluster);
    service.add(new_fruit("pear")).await.expect("the same rights");

    // The service owns nothing, who migrates administers nothing, and whoever prepared is out again.
    let owners =
        "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(Database::existing(&cluster, "fruits").rows(owners), ["fruits_owner"]);
    let members = "SELECT member::regrole::text FROM pg_auth_members WHERE roleid = 'fruits_owner'::regrole
                   AND member <> 'administrator'::regrole";
    assert_eq!(Database::existing(&cluster, "fruits").rows(members), ["\"id-fruits-migrate\""]);
    let strong = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'id-%' AND (rolcreaterole OR rolcreatedb OR rolsuper)";
    assert!(Database::existing(&cluster, "postgres").rows(strong).is_empty());
}
