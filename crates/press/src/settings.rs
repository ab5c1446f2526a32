//! What press can be told from outside, one struct a concern.
//!
//! Each field's doc is its help text: the flag, the environment variable and the default come from clap, the
//! unit and the reason stand in the words.

mod conversion;
mod fetch;
mod secret;
mod storage;

use std::time::Duration;

pub use conversion::ConversionSettings;
pub use fetch::{DEFAULT_USER_AGENT, FetchSettings};
pub use secret::Secret;
pub use storage::{Links, StorageSettings};

use crate::{convert::Capacity, storage::Location};

/// Everything that press can be told from outside.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Settings {
    /// What is fetched, and at what cost.
    #[command(flatten)]
    pub fetch: FetchSettings,
    /// How much is converted at once.
    #[command(flatten)]
    pub conversion: ConversionSettings,
    /// Where PDFs are kept.
    #[command(flatten)]
    pub storage: StorageSettings,
}

impl Settings {
    /// What is wrong with these settings taken together; empty when press can start with them.
    pub fn faults(&self, chassis: &chassis::Settings) -> Vec<String> {
        let mut faults = Vec::new();
        match self.location(chassis) {
            Ok(location) => {
                if matches!(location, Location::Folder(_)) && !chassis.knows_own_url() {
                    faults.push(
                        "PUBLIC_URL is not set: PDFs are kept in a folder and linked under this service's own URL, \
                         which it cannot know unless it listens on loopback only"
                            .to_owned(),
                    );
                }
                let request_timeout = Duration::from_millis(chassis.limits.request_timeout_ms);
                faults.extend(self.storage.faults(&location, request_timeout));
            }
            Err(fault) => faults.push(fault),
        }
        if self.fetch.fetch_timeout_ms > chassis.limits.request_timeout_ms {
            faults.push(format!(
                "FETCH_TIMEOUT_MS ({}) is longer than REQUEST_TIMEOUT_MS ({}): no source could take that long",
                self.fetch.fetch_timeout_ms, chassis.limits.request_timeout_ms
            ));
        }
        let (budget, worst) = (self.conversion.conversions_bytes_max, self.conversion.worst_bytes());
        if budget < worst {
            faults.push(format!(
                "CONVERSIONS_BYTES_MAX ({budget}) is less than the {worst} bytes that one conversion may hold: twice \
                 DECODED_BYTES_MAX ({}), and a mask",
                self.conversion.decoded_bytes_max
            ));
        }
        faults
    }

    /// How much is taken on at one time.
    pub(crate) fn capacity(&self) -> Capacity {
        Capacity {
            fetches_max: self.fetch.fetches_max,
            running_max: self.conversion.running_max(),
            waiting_max: self.conversion.conversions_queue_max,
            wait_max: Duration::from_millis(self.conversion.conversions_queue_ms),
        }
    }

    /// The store that `PDF_BUCKET` names.
    pub(crate) fn location(&self, chassis: &chassis::Settings) -> Result<Location, String> {
        Location::parse(self.storage.pdf_bucket.as_deref(), &chassis.bind.data_dir)
    }
}

impl Default for Settings {
    /// The documented defaults, whatever the environment says.
    fn default() -> Self {
        chassis::settings::defaults()
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Settings, String> {
        let command = <Settings as clap::Args>::augment_args(Command::new("press").no_binary_name(true))
            .mut_args(|argument| argument.env(clap::builder::Resettable::Reset));
        let matches = command.try_get_matches_from(arguments).map_err(|error| error.to_string())?;
        Settings::from_arg_matches(&matches).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_keep_everything_private_closed() {
        let settings = Settings::default();
        assert!(!settings.fetch.fetch_allow_private);
        assert_eq!(settings.fetch.fetch_ports, [80, 443]);
        assert!(settings.fetch.fetch_hosts_allow.is_empty() && settings.fetch.fetch_hosts_deny.is_empty());
        assert!(settings.fetch.fetch_user_agent.to_str().unwrap().starts_with("fruitpress/0.1.0 (+https://"));
        assert!(settings.conversion.running_max() >= 4);
        assert_eq!(settings.faults(&chassis::Settings::default()), Vec::<String>::new());
    }

    #[test]
    fn values_at_their_limits() {
        for good in [
            &["--fetch-allow-private"][..],
            &["--fetch-allow-private=false"],
            &["--fetch-allow-private=1"],
            &["--fetch-ports=1,65535"],
            &["--fetch-hosts-allow=example.com,*.Bücher.example", "--fetch-hosts-deny=a.example.com"],
            &["--fetch-timeout-ms=1"],
            &["--fetches-max=1"],
            &["--fetches-max=65536"],
            &["--conversions-max=1", "--conversions-queue-max=0"],
            &["--conversions-max=1024", "--conversions-queue-max=65536"],
            &["--pdf-endpoint=http://127.0.0.1:4443/"],
            &["--pdf-links=public"],
            &["--pdf-links=signed", "--pdf-link-ttl=1m", "--pdf-ttl=60s"],
            &["--pdf-link-ttl=7d", "--pdf-ttl=36500d"],
            &["--pdf-link-ttl=1h 30m"],
            &["--pdf-link-signer=press-signer@example-project.iam.gserviceaccount.com"],
            &["--aws-region=us-gov-west-1", "--azure-storage-account-name=abc"],
        ] {
            assert!(parse(good).is_ok(), "{good:?}");
        }
        for (bad, expected) in [
            ("--fetch-allow-private=maybe", "invalid value"),
            ("--fetch-ports=0", "invalid value"),
            ("--fetch-ports=65536", "invalid value"),
            ("--fetch-hosts-allow=example.com,", "must be a host's name"),
            ("--fetch-hosts-allow=*", "must be a host's name"),
            ("--fetch-hosts-deny=10.0.0.1", "not decided by lists"),
            ("--fetch-timeout-ms=0", "invalid value"),
            ("--source-bytes-max=0", "invalid value"),
            ("--fetches-max=0", "invalid value"),
            ("--fetches-max=65537", "invalid value"),
            ("--conversions-max=0", "invalid value"),
            ("--conversions-max=1025", "invalid value"),
            ("--conversions-queue-max=65537", "invalid value"),
            ("--fetch-user-agent=a\nb", "printable ASCII"),
            ("--fetch-user-agent= ", "must say who"),
            ("--pdf-links=none", "must be `public` or `signed`"),
            ("--pdf-link-ttl=59s", "at least 1m"),
            ("--pdf-link-ttl=7d 1s", "at most 7d"),
            ("--pdf-link-ttl=61500ms", "in whole seconds"),
            ("--pdf-link-ttl=1", "such as 90s, 15m, 12h or 7d"),
            ("--pdf-ttl=59s", "at least 1m"),
            ("--pdf-ttl=36501d", "at most 36500d"),
            ("--pdf-ttl=for ever", "such as 90s"),
            ("--pdf-link-signer=signer", "must be a service account's e-mail"),
            ("--pdf-link-signer=a@b.c/../d", "must be a service account's e-mail"),
            ("--aws-region=eu/central", "must be a region's name"),
            ("--azure-storage-account-name=my-account", "3 to 24 characters"),
            ("--azure-storage-account-name=ab", "3 to 24 characters"),
            ("--pdf-endpoint=localhost:4443", "must be an http or https URL"),
            ("--pdf-endpoint=/x", "must be an absolute URL"),
            ("--pdf-endpoint=http://u:p@localhost", "without user info"),
        ] {
            let error = parse(&[bad]).expect_err(bad);
            assert!(error.contains(expected), "{bad}: {error}");
        }
    }

    #[test]
    fn faults_that_show_only_together() {
        let check = |arguments: &[&str], change: fn(&mut chassis::Settings), expected: &str| {
            let mut chassis = chassis::Settings::default();
            change(&mut chassis);
            let faults = parse(arguments).unwrap().faults(&chassis);
            assert!(faults.len() == 1 && faults[0].contains(expected), "{arguments:?}: {faults:?}");
        };
        check(&["--pdf-bucket=ftp://b"], |_| (), "ftp:// is not supported");
        check(&["--pdf-endpoint=http://localhost:1"], |_| (), "PDF_BUCKET names no bucket");
        check(&["--pdf-links=signed"], |_| (), "PDF_LINKS is `signed` and PDF_BUCKET names no bucket");
        check(&[], |chassis| chassis.bind.host = [0, 0, 0, 0].into(), "PUBLIC_URL is not set");
        check(&["--fetch-timeout-ms=60001"], |_| (), "longer than REQUEST_TIMEOUT_MS");
        let mut chassis = chassis::Settings::default();
        chassis.bind.host = [0, 0, 0, 0].into();
        let bucket = parse(&["--pdf-bucket=my-pdfs"]).unwrap();
        assert_eq!(bucket.faults(&chassis), Vec::<String>::new());
    }

    const SIGNER: &str = "--pdf-link-signer=signer@p.iam.gserviceaccount.com";

    #[test]
    fn what_goes_with_which_store() {
        let gs = "--pdf-bucket=gs://pdfs";
        let s3 = "--pdf-bucket=s3://pdfs";
        let az = "--pdf-bucket=az://pdfs";
        let signed = "--pdf-links=signed";
        let elsewhere = "--pdf-endpoint=http://localhost:1";
        let region = "--aws-region=eu-central-1";
        let account = "--azure-storage-account-name=pdfs";
        let (id, secret) = ("--aws-access-key-id=i", "--aws-secret-access-key=k");
        let key = "--azure-storage-account-key=a2V5";
        for good in [
            &["--pdf-ttl=1m"][..],
            &[gs, signed, SIGNER, "--pdf-link-ttl=12h"],
            &[s3, region],
            &[s3, region, signed, "--pdf-link-ttl=7d"],
            &[s3, elsewhere],
            &[s3, elsewhere, signed, id, secret],
            &[az, account],
            &[az, account, signed, "--pdf-link-ttl=7d"],
            &[az, account, signed, elsewhere, key],
        ] {
            let faults = parse(good).unwrap().faults(&chassis::Settings::default());
            assert_eq!(faults, Vec::<String>::new(), "{good:?}");
        }
        for (bad, expected) in [
            (&[SIGNER][..], "PDF_LINK_SIGNER is set, and is only used"),
            (&[gs, SIGNER], "PDF_LINK_SIGNER is set, and is only used"),
            (&[s3, region, signed, SIGNER], "PDF_LINK_SIGNER is set, and is only used"),
            (&[gs, "--pdf-ttl=1m"], "its lifecycle rules delete"),
            (&[gs, signed, elsewhere], "Google signs links for its own endpoint alone"),
            (&[gs, signed, "--pdf-link-ttl=43201s"], "PDF_LINK_TTL (12h 1s) is longer than 12h"),
            (&[s3], "AWS_REGION is not set"),
            (&[s3, region, id], "are set only together"),
            (&[s3, region, secret], "are set only together"),
            (&[s3, elsewhere, signed], "nothing to sign links with"),
            (&[az], "AZURE_STORAGE_ACCOUNT_NAME is not set"),
            (&[az, account, signed, elsewhere], "nothing to sign links with"),
        ] {
            let faults = parse(bad).unwrap().faults(&chassis::Settings::default());
            assert!(faults.len() == 1 && faults[0].contains(expected), "{bad:?}: {faults:?}");
        }
        let mut patient = chassis::Settings::default();
        patient.limits.request_timeout_ms = 60_001;
        let faults = parse(&[gs, signed, "--pdf-link-ttl=1m"]).unwrap().faults(&patient);
        assert!(faults.len() == 1 && faults[0].contains("is shorter than REQUEST_TIMEOUT_MS"), "{faults:?}");
    }

    #[test]
    fn keys_are_not_shown() {
        let keys =
            ["--aws-secret-access-key=hush", "--aws-session-token=hush", "--azure-storage-account-key=hush"];
        let shown = format!("{:?}", parse(&keys).unwrap());
        assert!(shown.contains("Secret(…)") && !shown.contains("hush"), "{shown}");
    }
}
