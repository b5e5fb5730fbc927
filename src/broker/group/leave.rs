//! LeaveGroup: members that say goodbye, and static members that an admin removes.

use kafka_protocol::ResponseError;

use super::GroupState;
use super::effects::Turn;
use super::event::Reason;
use super::membership::Group;
use super::request::Leaver;

impl<W> Group<W> {
    /// Removes each of `leavers` that is a member; the results are in their order.
    pub(super) fn leave(
        &mut self,
        leavers: &[Leaver],
        turn: &mut Turn<'_, W>,
    ) -> Vec<Result<(), ResponseError>> {
        let left: Vec<Result<String, ResponseError>> =
            leavers.iter().map(|leaver| self.leave_one(leaver, turn)).collect();
        match (left.iter().flatten().last(), self.state) {
            (Some(last), GroupState::Stable | GroupState::CompletingRebalance) => {
                self.prepare_rebalance(Reason::MemberLeft, Some(last), turn);
            }
            (Some(_), GroupState::PreparingRebalance) => self.complete_join_if_all_are_here(turn),
            _ => (),
        }
        left.into_iter().map(|left| left.map(drop)).collect()
    }

    /// Removes one, and says under which id it was known.
    fn leave_one(&mut self, leaver: &Leaver, turn: &mut Turn<'_, W>) -> Result<String, ResponseError> {
        let id = if leaver.member_id.is_empty() {
            let instance = leaver.instance_id.as_deref().ok_or(ResponseError::UnknownMemberId)?;
            self.static_member(instance).ok_or(ResponseError::UnknownMemberId)?.to_owned()
        } else if self.pending.remove(&leaver.member_id).is_some() {
            return Ok(leaver.member_id.clone());
        } else {
            self.check_member(&leaver.member_id, leaver.instance_id.as_deref())?;
            leaver.member_id.clone()
        };
        self.remove(&id, Reason::MemberLeft, turn);
        Ok(id)
    }
}
