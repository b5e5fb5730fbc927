use super::*;

#[test]
fn the_lessons_built_in_can_be_taught() {
    let lessons = Lessons::built_in().unwrap();
    let findings: Vec<_> =
        lint(&lessons).iter().map(|f| format!("{}: {}", f.path, f.problem.in_lang(Lang::En))).collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn a_step_is_found_by_its_id_its_number_and_its_phase() {
    let lessons = Lessons::built_in().unwrap();
    let first = lessons.steps().next().unwrap();
    for name in [&first.id, &first.numbered(), first.phase.name()] {
        assert_eq!(lessons.find(name).map(|step| &step.id), Some(&first.id));
    }
    assert!(lessons.find("phase9").is_none());
}
