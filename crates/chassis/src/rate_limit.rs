//! How often one client may ask for what is expensive.
//!
//! A service puts [`rate_limited`] around such a route, all others are free. The limit is the generic cell rate
//! algorithm: a burst at once, then requests as far apart as the rate has them, given back evenly and not at the turn
//! of a minute. Who asks more often is refused before anything of the request's body is read, and is told when to go on.
//! What is refused costs nothing of the limit, so that waiting as long as told is enough.

mod clients;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use futures_util::future::Either;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock, Reference},
    middleware::NoOpMiddleware,
};
use tower::{Layer, Service};

use crate::{Problem, extract::known_token, middleware::Arrival, problem::kind};
use clients::{Client, Clients};

/// From how many clients on those are looked for that can be forgotten, and how long that is left alone afterwards:
/// looking takes a moment for each of them.
const SWEPT_FROM: usize = 1024;
const SWEPT_EVERY: Duration = Duration::from_secs(1);

/// What one client may ask, and what each has asked.
pub(crate) struct RateLimit<C: Clock = MonotonicClock> {
    limiter: RateLimiter<Client, Clients, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    swept: Mutex<C::Instant>,
    per_minute: NonZeroU32,
}

impl RateLimit {
    pub(crate) fn new(limits: (NonZeroU32, NonZeroU32)) -> Self {
        Self::with_clock(limits, MonotonicClock)
    }
}

impl<C: Clock + Clone> RateLimit<C> {
    fn with_clock((per_minute, burst): (NonZeroU32, NonZeroU32), clock: C) -> Self {
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        let limiter = RateLimiter::new(quota, Clients::default(), clock.clone());
        Self { limiter, swept: Mutex::new(clock.now()), clock, per_minute }
    }

    /// Counts a request of this client, or says how long it must wait.
    fn count(&self, client: &Client) -> Result<(), Duration> {
        self.sweep_when_due();
        self.limiter.check_key(client).map_err(|refusal| refusal.wait_time_from(self.clock.now()))
    }

    fn sweep_when_due(&self) {
        if self.limiter.len() < SWEPT_FROM {
            return;
        }
        let now = self.clock.now();
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if Duration::from(now.duration_since(*swept)) < SWEPT_EVERY {
            return;
        }
        *swept = now;
        drop(swept);
        self.limiter.retain_recent();
    }
}

/// Around a route: each client may ask as often as `CLIENT_REQUESTS_PER_MINUTE_MAX` says. Where that is not set, nothing
/// is looked at.
///
/// ```
/// use axum::{Router, routing::post};
///
/// async fn convert(body: String) {}
///
/// let router: Router = Router::new().route("/convert", post(convert).route_layer(chassis::rate_limited()));
/// ```
pub fn rate_limited() -> RateLimited {
    RateLimited(())
}

/// See [`rate_limited`].
#[derive(Debug, Clone, Copy)]
pub struct RateLimited(());

/// How a client is refused that asks more often than `per_minute` times, and may go on `after` this time; for API
/// descriptions.
pub fn too_many_requests(per_minute: u32, after: Duration) -> Problem {
    kind::TOO_MANY_REQUESTS
        .because(format!(
            "One client may ask for this {per_minute} times a minute; try again when Retry-After is over."
        ))
        .retry_after(after)
}

impl<S> Layer<S> for RateLimited {
    type Service = Limited<S>;

    fn layer(&self, route: S) -> Limited<S> {
        Limited(route)
    }
}

/// A route that is limited.
#[derive(Debug, Clone)]
pub struct Limited<S>(S);

impl<S: Service<Request, Response = Response, Error = Infallible>> Service<Request> for Limited<S> {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, task: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(task)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match admit(&request) {
            Ok(()) => Either::Left(self.0.call(request)),
            Err(refusal) => Either::Right(ready(Ok(refusal.into_response()))),
        }
    }
}

fn admit(request: &Request) -> Result<(), Problem> {
    let arrival = Arrival::in_extensions(request.extensions())?;
    let Some(limit) = &arrival.context.rate_limit else { return Ok(()) };
    limit.count(&client(arrival, request)).map_err(|wait| too_many_requests(limit.per_minute.get(), wait))
}

/// A token that is not known names nobody: whoever guesses is counted by the address.
fn client(arrival: &Arrival, request: &Request) -> Client {
    let keyring = arrival.context.keyring.as_ref();
    match keyring.and_then(|keyring| known_token(keyring, request.headers())) {
        Some(token) => {
            arrival.name_caller(&token);
            Client::Token(token.name.as_str().into())
        }
        None => arrival.client.0.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};

    use governor::clock::FakeRelativeClock;

    use super::{
        clients::{CLIENTS_MAX, CROWDS},
        *,
    };

    fn limit(per_minute: u32, burst: u32) -> (RateLimit<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let limits = [per_minute, burst].map(|number| NonZeroU32::new(number).unwrap());
        (RateLimit::with_clock(limits.into(), clock.clone()), clock)
    }

    fn address(text: &str) -> Client {
        text.parse::<IpAddr>().unwrap().into()
    }

    /// The `number`th network of IPv6.
    fn network(number: usize) -> Client {
        IpAddr::from(Ipv6Addr::from_bits(0x2a00 << 112 | (number as u128) << 64)).into()
    }

    fn token(name: &str) -> Client {
        Client::Token(name.into())
    }

    /// How many requests are taken one after the other, of at most `asked`.
    fn taken(limit: &RateLimit<FakeRelativeClock>, client: &Client, asked: usize) -> usize {
        (0..asked).take_while(|_| limit.count(client).is_ok()).count()
    }

    #[test]
    fn a_burst_is_taken_and_then_what_the_rate_gives_back() {
        let second = Duration::from_secs(1);
        for (per_minute, burst, gap) in [(60, 1, second), (60, 5, second), (120, 20, second / 2)] {
            let (limit, clock) = limit(per_minute, burst);
            let client = address("198.51.100.1");
            assert_eq!(taken(&limit, &client, 1000), burst as usize);
            // Refusals cost nothing: the wait stays the same, and is enough.
            for _ in 0..3 {
                assert_eq!(limit.count(&client), Err(gap));
            }
            clock.advance(gap.checked_sub(Duration::from_nanos(1)).unwrap());
            assert_eq!(limit.count(&client), Err(Duration::from_nanos(1)));
            clock.advance(Duration::from_nanos(1));
            assert_eq!(taken(&limit, &client, 1000), 1);
            clock.advance(gap * burst);
            assert_eq!(taken(&limit, &client, 1000), burst as usize);
            clock.advance(Duration::from_hours(1));
            assert_eq!(taken(&limit, &client, 1000), burst as usize, "no more is saved up");
        }
    }

    #[test]
    fn clients_do_not_share() {
        for (one, other, are_one) in [
            (address("198.51.100.1"), address("198.51.100.2"), false),
            (address("2001:db8::1"), address("2001:db8::ffff:1"), true),
            (address("2001:db8::1"), address("2001:db8:0:1::1"), false),
            (address("0.0.0.1"), address("::1"), false),
            (token("a"), token("a"), true),
            (token("a"), token("b"), false),
            (token("198.51.100.1"), address("198.51.100.1"), false),
        ] {
            let (limit, _) = limit(60, 1);
            assert!(limit.count(&one).is_ok());
            assert_eq!(limit.count(&other).is_err(), are_one, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_flood_of_addresses_takes_no_more_memory_and_no_place_away() {
        let (limit, _) = limit(60, 2);
        let (early, named) = (address("198.51.100.1"), token("partner"));
        assert!(limit.count(&early).is_ok());
        let taken_of_flood =
            (0..4 * CLIENTS_MAX).filter(|&number| limit.count(&network(number)).is_ok()).count();
        let places = CLIENTS_MAX + usize::from(CROWDS);
        assert_eq!(limit.limiter.len(), places);
        // A crowd is one client.
        assert_eq!(taken_of_flood, CLIENTS_MAX - 1 + 2 * usize::from(CROWDS));
        assert_eq!(taken(&limit, &early, 10), 1);
        assert_eq!(taken(&limit, &named, 10), 2);
        assert_eq!(limit.limiter.len(), places + 1);
    }

    #[test]
    fn who_has_everything_back_is_forgotten() {
        let (limit, clock) = limit(60, 2);
        for number in 0..CLIENTS_MAX {
            assert!(limit.count(&network(number)).is_ok());
        }
        clock.advance(Duration::from_millis(500));
        let late = address("198.51.100.1");
        assert_eq!(taken(&limit, &late, 10), 2, "it is counted in a crowd");
        assert_eq!(limit.limiter.len(), CLIENTS_MAX + 1);
        // By now the first have what they asked for back; the crowd still lacks half a request.
        clock.advance(Duration::from_millis(1500));
        assert_eq!(taken(&limit, &late, 10), 2);
        assert_eq!(limit.limiter.len(), 2);
    }

    /// Looking for them is work: a flood must not have it done for each of its requests.
    #[test]
    fn they_are_looked_for_once_in_a_while() {
        let (limit, clock) = limit(60_000, 1);
        for number in 0..SWEPT_FROM {
            assert!(limit.count(&network(number)).is_ok());
        }
        clock.advance(SWEPT_EVERY.checked_sub(Duration::from_millis(1)).unwrap());
        assert!(limit.count(&network(SWEPT_FROM)).is_ok());
        assert_eq!(limit.limiter.len(), SWEPT_FROM + 1);
        clock.advance(Duration::from_millis(1));
        assert!(limit.count(&network(SWEPT_FROM + 1)).is_ok());
        assert_eq!(limit.limiter.len(), 1 + 1);
    }
}
