//! The examples for users of the crate run.

#[test]
fn the_quick_start_runs() {
    // Cargo builds the examples of a package with its tests, in a folder beside its programs.
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_electrolint-sandbox")).with_file_name("examples");
    let program = folder.join("quick_start");
    if !program.is_file() {
        // With `--test examples` alone it does not.
        eprintln!("the example was not built: it was not tested");
        return;
    }
    let output = std::process::Command::new(program).output().expect("the example is built");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("containment: full\nall as it should be"), "{output:?}");
}
