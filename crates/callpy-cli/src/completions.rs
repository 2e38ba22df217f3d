//! `callpy completions`: prints scripts with which a shell completes commands, options and files.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::failure::Result;
use crate::output::print;

const INSTALL: &str = "\
To install it:
  bash        callpy completions bash > ~/.local/share/bash-completion/completions/callpy
  zsh         callpy completions zsh > \"${fpath[1]}/_callpy\"
  fish        callpy completions fish > ~/.config/fish/completions/callpy.fish
  powershell  callpy completions powershell >> $PROFILE
  elvish      callpy completions elvish >> ~/.config/elvish/rc.elv";

/// Print a shell's completion script
#[derive(Debug, Args)]
#[command(after_help = INSTALL)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

/// Runs the command; `root` is callpy itself.
pub(crate) fn run(completions: &Completions, mut root: Command) -> Result<()> {
    // Into memory first, since the generator panics if the pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut root, "callpy", &mut script);
    print(&script)
}
