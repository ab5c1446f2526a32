//! Who is counted, and how many of them: memory does not grow with the addresses that a flood comes from.
//!
//! Clients whose requests have all been given back are forgotten. Where there are still as many as are kept, those
//! that come new are counted together with others, in one of a few crowds: an address that nobody has seen before is
//! what a flood is made of. Who is kept already, and who has a token, goes on being counted alone.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv4Addr},
    sync::{Mutex, MutexGuard, PoisonError},
};

use governor::{
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};

/// Clients that are counted one by one, about 1 MiB of them: more than one process serves in a minute.
pub(super) const CLIENTS_MAX: usize = 16_384;
/// Among how many crowds those are spread that come when all places are taken.
pub(super) const CROWDS: u8 = 64;

/// One client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Client {
    /// Whoever has the token of this name, from wherever.
    Token(Box<str>),
    V4(Ipv4Addr),
    /// The network part of an address: one host has all the 2^64 addresses behind it.
    V6(u64),
    /// Everyone else.
    Crowd(u8),
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d].iter().fold(0, |prefix, &part| prefix << 16 | u64::from(part)))
            }
        }
    }
}

/// When each client will have been given everything back.
#[derive(Debug, Default)]
pub(super) struct Clients {
    kept: Mutex<HashMap<Client, Nanos>>,
    crowds: RandomState,
}

impl Clients {
    fn kept(&self) -> MutexGuard<'_, HashMap<Client, Nanos>> {
        // An entry is written whole or not at all: a panic elsewhere has broken nothing here.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn crowd(&self, client: &Client) -> Client {
        Client::Crowd((self.crowds.hash_one(client) % u64::from(CROWDS)).to_le_bytes()[0])
    }
}

impl StateStore for Clients {
    type Key = Client;

    fn measure_and_replace<T, F, E>(&self, client: &Client, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut kept = self.kept();
        if let Some(last) = kept.get_mut(client) {
            let (outcome, next) = decide(Some(*last))?;
            *last = next;
            return Ok(outcome);
        }
        let has_place = kept.len() < CLIENTS_MAX || matches!(client, Client::Token(_));
        let client = if has_place { client.clone() } else { self.crowd(client) };
        let (outcome, next) = decide(kept.get(&client).copied())?;
        kept.insert(client, next);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<Client> for Clients {
    fn retain_recent(&self, drop_below: Nanos) {
        self.kept().retain(|_, &mut last| last > drop_below);
    }

    fn len(&self) -> usize {
        self.kept().len()
    }

    fn is_empty(&self) -> bool {
        self.kept().is_empty()
    }
}
