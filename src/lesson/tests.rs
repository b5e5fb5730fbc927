use super::*;

#[test]
fn a_step_is_found_by_its_id_its_number_and_its_phase() {
    let lessons = Lessons::built_in().unwrap();
    let first = lessons.steps().next().unwrap();
    for name in [&first.id, &first.numbered(), first.phase.name()] {
        assert_eq!(lessons.find(name).map(|step| &step.id), Some(&first.id));
    }
    assert!(lessons.find("phase9").is_none());
}
