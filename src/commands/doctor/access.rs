//! One way into a cluster, from the name of its host to the login of everybody who uses it.

use std::net::SocketAddr;

use futures_util::future::join_all;

use super::check::{Chain, Id, Seen};
use super::subject::Access;
use super::{login, network};
use crate::client::raw::{Cluster, RawError};
use crate::commands::{Context, connect};
use crate::error::Kind;
use crate::lab::{Engine, embedded};
use crate::profile::Profile;
use crate::report::{Finding, Findings};
use crate::words::doctor as words;

/// What came of it.
pub(super) struct Examined {
    pub findings: Findings,
    /// How far each user got, for the checks that go on from there.
    ways: Vec<(String, Chain)>,
}

impl Examined {
    /// Whether the broker accepted at least one of them.
    pub(super) fn lets_anybody_in(&self) -> bool {
        self.ways.iter().any(|(_, way)| way.passed(Id::Login))
    }

    /// The way of a user, without its findings.
    pub(super) fn way_of(&self, user: &Profile) -> Option<Chain> {
        let found = self.ways.iter().find(|(principal, _)| *principal == user.principal().value);
        found.map(|(_, chain)| chain.fork())
    }
}

/// How far one address of the list is known.
struct Reached {
    address: String,
    chain: Chain,
    sockets: Vec<SocketAddr>,
}

/// Examines it.
pub(super) async fn examine(context: &Context, access: &Access) -> Examined {
    let addresses = access.bootstrap.split(',').map(|address| address.trim().to_owned());
    let reached = join_all(addresses.map(|address| reach(context, access, address))).await;
    let dialled: Vec<SocketAddr> = reached.iter().flat_map(|one| one.sockets.iter().copied()).collect();
    // Clients try the addresses in turn, so the rest goes on from the first that works.
    let best = reached.iter().position(|one| one.chain.passed(Id::Mechanism)).unwrap_or(0);
    let (address, common) = reached.get(best).map_or_else(
        || (String::new(), Chain::new(context.lang())),
        |one| (one.address.clone(), one.chain.fork()),
    );

    let ways = join_all(access.users.iter().map(async |user| {
        let mut way = common.fork();
        let name = user.actor.name.value.as_str();
        if access.protocol.has_login() {
            way.make(Id::Login, name, login::login(&address, user)).await;
        } else {
            way.not_needed(Id::Login);
        }
        (user.principal().value, way)
    }));
    let ways = ways.await;
    let in_with = ways.iter().position(|(_, way)| way.passed(Id::Login)).unwrap_or(0);
    let mut last = ways.get(in_with).map_or_else(|| common.fork(), |(_, way)| way.fork());
    if let Some(user) = access.users.get(in_with) {
        last.make(Id::Advertised, "", advertised(user, &dialled)).await;
    }
    if access.protocol.has_login() {
        last.make(Id::Clock, "", clock(context, access)).await;
    }

    let mut rows: Vec<Finding> = reached.into_iter().flat_map(|one| one.chain.into_findings()).collect();
    rows.extend(ways.iter().flat_map(|(_, way)| way.clone().into_findings()));
    rows.extend(last.into_findings());
    let head = words::ACCESS.with(&[
        ("address", &access.bootstrap),
        ("protocol", &access.protocol),
        ("phases", &access.phases.join(", ")),
    ]);
    Examined { findings: Findings { head, rows }, ways }
}

/// One address, up to the mechanism.
async fn reach(context: &Context, access: &Access, address: String) -> Reached {
    let about = if access.bootstrap.contains(',') { address.as_str() } else { "" };
    let mut chain = Chain::new(context.lang());
    // Where a name or a protocol does not fit, the profile is the place to look.
    let settings = format!("kafkalab config show {}", access.phases.first().unwrap_or(&"phase1"));
    let dns = async {
        let (seen, sockets) = network::dns(&address).await;
        (if seen.has_passed() { seen } else { seen.next(&settings) }, sockets)
    };
    let sockets = chain.run(Id::Dns, about, dns).await.unwrap_or_default();
    chain.make(Id::Tcp, about, network::tcp(&sockets)).await;
    let listener = async {
        let (seen, offered) = match access.users.first() {
            Some(user) => network::listener(&address, user).await,
            None => (Seen::skipped(words::GONE), Vec::new()),
        };
        (if seen.has_passed() { seen } else { seen.next(&settings) }, offered)
    };
    let offered = chain.run(Id::Listener, about, listener).await;
    let asked = access.users.first().and_then(|user| user.mechanism.as_ref());
    match asked {
        Some(asked) => {
            let flag = access.users.first().map_or_else(String::new, connect::server_flag);
            let seen = async { network::mechanism(asked.value, &offered.unwrap_or_default(), &flag) };
            chain.make(Id::Mechanism, about, seen).await;
        }
        None => chain.not_needed(Id::Mechanism),
    }
    Reached { address, chain, sockets }
}

async fn advertised(user: &Profile, dialled: &[SocketAddr]) -> Seen {
    match cluster(user).await {
        Ok(mut cluster) => network::advertised(&mut cluster, user, dialled).await,
        Err(failure) => Seen::failed(Kind::Unreachable, failure.to_string()),
    }
}

async fn clock(context: &Context, access: &Access) -> Seen {
    let mut admin = match admin(context, access) {
        Some(admin) => cluster(&admin).await.ok(),
        None => None,
    };
    login::clock(admin.as_mut(), is_our_broker(context, access)).await
}

/// The administrator, if its profile is valid; at this address where it has a login.
pub(super) fn admin(context: &Context, access: &Access) -> Option<Profile> {
    connect::admin_at(context, access.protocol.has_login(), &access.bootstrap)
}

/// A connection as somebody, without waiting long.
pub(super) async fn cluster(profile: &Profile) -> Result<Cluster, RawError> {
    connect::raw(profile, network::PATIENCE).await
}

/// Whether it is the embedded broker that this lab started.
fn is_our_broker(context: &Context, access: &Access) -> bool {
    let Ok(home) = context.home() else { return false };
    let Ok(Some(state)) = home.state() else { return false };
    let here = |address: &str| address.replace("127.0.0.1", "localhost");
    state.engine == Engine::Embedded
        && [Some(&state.sasl), state.tls.as_ref()]
            .into_iter()
            .flatten()
            .any(|ours| here(ours) == here(&access.bootstrap))
        && embedded::is_running(&home)
}
