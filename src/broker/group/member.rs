//! One member of a group.

use bytes::Bytes;
use kafka_protocol::ResponseError;

use super::effects::Turn;
use super::record::MemberMetadata;
use super::request::{JoinRequest, JoinResponse, Protocol, SyncResponse};
use super::{MemberDescription, Millis};

/// A member, and the request of it that is parked, if any.
#[derive(Debug)]
pub(super) struct Member<W> {
    /// `group.instance.id`: this member is static, a restart of its process is not a new member.
    pub(super) instance_id: Option<String>,
    /// `client.id` it joined with.
    pub(super) client_id: String,
    /// Where it joined from.
    pub(super) client_host: String,
    /// Without a heartbeat for so long, it is dead.
    pub(super) session_timeout_ms: i32,
    /// How long the others wait for it to join again.
    pub(super) rebalance_timeout_ms: i32,
    /// The assignors it offers, best first.
    pub(super) protocols: Vec<Protocol>,
    /// What the leader has assigned to it; empty before the first sync.
    pub(super) assignment: Bytes,
    /// When it counts as dead. None once that moment has passed while a request of it was parked.
    pub(super) session_deadline: Option<Millis>,
    /// Its first join has not been answered yet, so it cannot send heartbeats.
    pub(super) is_new: bool,
    /// It has been told the generation but has not fetched its assignment.
    pub(super) owes_sync: bool,
    /// Its JoinGroup, until all have joined.
    pub(super) parked_join: Option<W>,
    /// Its SyncGroup, until the leader's assignment is here.
    pub(super) parked_sync: Option<W>,
}

impl<W> Member<W> {
    /// A newcomer.
    pub(super) fn new(request: &JoinRequest) -> Member<W> {
        Member {
            instance_id: request.instance_id.clone(),
            client_id: request.client_id.clone(),
            client_host: request.client_host.clone(),
            session_timeout_ms: request.session_timeout_ms,
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            protocols: request.protocols.clone(),
            assignment: Bytes::new(),
            session_deadline: None,
            is_new: true,
            owes_sync: false,
            parked_join: None,
            parked_sync: None,
        }
    }

    /// A member of a recorded group, offering only the assignor that was chosen.
    pub(super) fn restored(record: MemberMetadata, protocol: &str, now: Millis) -> Member<W> {
        let protocols = vec![Protocol { name: protocol.to_owned(), metadata: record.subscription }];
        let mut member = Member {
            instance_id: record.instance_id,
            client_id: record.client_id,
            client_host: record.client_host,
            session_timeout_ms: record.session_timeout_ms,
            rebalance_timeout_ms: record.rebalance_timeout_ms,
            protocols,
            assignment: record.assignment,
            session_deadline: None,
            is_new: false,
            owes_sync: false,
            parked_join: None,
            parked_sync: None,
        };
        member.renew_session(now);
        member
    }

    /// The member shows that it is alive.
    pub(super) fn renew_session(&mut self, now: Millis) {
        self.session_deadline = Some(now + Millis::from(self.session_timeout_ms));
    }

    /// Whether a session that ran out may be overlooked: its request is parked here, so it cannot send heartbeats.
    /// A newcomer's cannot: nobody would notice that its process has gone.
    pub(super) fn is_excused(&self) -> bool {
        !self.is_new && (self.parked_join.is_some() || self.parked_sync.is_some())
    }

    /// What it sent for one assignor; empty if it does not offer it.
    pub(super) fn metadata(&self, protocol: Option<&str>) -> Bytes {
        self.protocols
            .iter()
            .find(|offered| Some(offered.name.as_str()) == protocol)
            .map(|offered| offered.metadata.clone())
            .unwrap_or_default()
    }

    /// The best of `candidates` in this member's own order.
    pub(super) fn vote<'a>(&'a self, candidates: &[&str]) -> Option<&'a str> {
        self.protocols.iter().map(|offered| offered.name.as_str()).find(|name| candidates.contains(name))
    }

    /// Takes over what a member sends when it joins again, and parks its join.
    ///
    /// A join of it that is parked already is a leftover of a lost connection. Kafka forgets it; here it is answered
    /// with error 27, so that no request stays unanswered.
    pub(super) fn update(
        &mut self,
        id: &str,
        request: JoinRequest,
        waiter: Option<W>,
        turn: &mut Turn<'_, W>,
    ) {
        self.protocols = request.protocols;
        self.rebalance_timeout_ms = request.rebalance_timeout_ms;
        self.session_timeout_ms = request.session_timeout_ms;
        self.answer_join(turn, JoinResponse::refused(ResponseError::RebalanceInProgress, id));
        self.parked_join = waiter;
    }

    /// Parks a sync; one that is parked already is answered with error 27, as in [`Member::update`].
    pub(super) fn park_sync(&mut self, waiter: W, turn: &mut Turn<'_, W>) {
        self.answer_sync(turn, SyncResponse::refused(ResponseError::RebalanceInProgress));
        self.parked_sync = Some(waiter);
    }

    /// Answers the parked join, if there is one.
    pub(super) fn answer_join(&mut self, turn: &mut Turn<'_, W>, response: JoinResponse) {
        if let Some(waiter) = self.parked_join.take() {
            turn.answer_join(waiter, response);
        }
    }

    /// Answers the parked sync, if there is one; says whether there was.
    pub(super) fn answer_sync(&mut self, turn: &mut Turn<'_, W>, response: SyncResponse) -> bool {
        let parked = self.parked_sync.take();
        let had_one = parked.is_some();
        if let Some(waiter) = parked {
            turn.answer_sync(waiter, response);
        }
        had_one
    }

    /// The member as the journal keeps it.
    pub(super) fn record(&self, id: &str, protocol: Option<&str>) -> MemberMetadata {
        MemberMetadata {
            member_id: id.to_owned(),
            instance_id: self.instance_id.clone(),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            session_timeout_ms: self.session_timeout_ms,
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            subscription: self.metadata(protocol),
            assignment: self.assignment.clone(),
        }
    }

    /// The member as DescribeGroups shows it; its metadata only while a protocol is chosen.
    pub(super) fn describe(&self, id: &str, protocol: Option<&str>) -> MemberDescription {
        MemberDescription {
            member_id: id.to_owned(),
            instance_id: self.instance_id.clone(),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            metadata: self.metadata(protocol),
            assignment: self.assignment.clone(),
        }
    }
}
