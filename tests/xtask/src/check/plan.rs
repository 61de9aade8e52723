//! Which checks there are, in which order, with which limit. A new package cannot be forgotten: what no other stage
//! takes, the stage of the whole workspace does.

use std::time::Duration;

/// Longest time for one stage on a machine where everything must be built first.
const STAGE_MAX: Duration = Duration::from_secs(40 * 60);

/// Longest time for a stage of the full run.
const FULL_STAGE_MAX: Duration = Duration::from_secs(3 * 60 * 60);

/// Seeds of the wide sweep of the full run.
const FULL_SEEDS: &str = "100000";

const MACHINES: &str = "tidegate-machines";
const TIDY: &str = "tidegate-tidy";
const SDK: &str = "tidegate-guest";

/// Whether a stage runs tests, so that none passing is a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something that only succeeds or fails.
    Check,
    /// Test programs.
    Tests,
}

/// One run of cargo.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    /// What it checks, in a word or two.
    pub(crate) name: &'static str,
    /// What is expected of it.
    pub(crate) kind: Kind,
    /// Arguments of cargo.
    pub(crate) args: Vec<String>,
    /// Additions to the environment.
    pub(crate) env: Vec<(String, String)>,
    /// It is ended after this.
    pub(crate) limit: Duration,
}

impl Stage {
    /// The command, to be run by hand when it failed.
    pub(crate) fn shown(&self) -> String {
        let env: String = self.env.iter().map(|(name, value)| format!("{name}='{value}' ")).collect();
        format!("{env}cargo {}", self.args.join(" "))
    }

    fn new(name: &'static str, kind: Kind, args: &[&str]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { name, kind, args, env: Vec::new(), limit: STAGE_MAX }
    }

    fn check(name: &'static str, args: &[&str]) -> Self {
        Self::new(name, Kind::Check, args)
    }

    /// Tests of some packages. All of them run even if one fails: the stage is what stops the rest.
    fn tests<'a>(name: &'static str, packages: impl IntoIterator<Item = &'a str>) -> Self {
        let mut stage = Self::new(name, Kind::Tests, &["test", "--no-fail-fast"]);
        for package in packages {
            stage.args.extend(["-p".to_owned(), package.to_owned()]);
        }
        stage
    }

    fn with(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn long(mut self) -> Self {
        self.limit = FULL_STAGE_MAX;
        self
    }
}

/// The stages, cheapest first.
pub(crate) fn plan(full: bool) -> Vec<Stage> {
    // One selection for all: cargo unites features over what is selected, and another selection would build wasmtime
    // once more.
    let rest = ["test", "--no-fail-fast", "--workspace", "--exclude", MACHINES, "--exclude", TIDY];
    let mut stages = vec![
        Stage::check("format", &["fmt", "--all", "--check"]),
        Stage::tests("written rules", [TIDY]),
        Stage::tests("machines", [MACHINES]),
        Stage::tests("broken machines", [MACHINES]).with(&["--features", "mutants", "--test", "mutants"]),
        Stage::check("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        Stage::new("guests, host, end to end", Kind::Tests, &rest),
        Stage::check("guest SDK as a package", &["package", "-p", SDK, "--allow-dirty"]),
        Stage::check("documentation", &["doc", "--no-deps", "--workspace"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    ];
    if full {
        stages.push(Stage::tests("wide seed sweep", [MACHINES]).env("TIDEGATE_SEEDS", FULL_SEEDS).long());
        stages.push(
            Stage::new("large and long, end to end", Kind::Tests, &rest)
                .with(&["--", "--ignored", "--test-threads=1"])
                .long(),
        );
        stages.push(Stage::check("demo", &["xtask", "demo", "--once"]).long());
    }
    stages
}
