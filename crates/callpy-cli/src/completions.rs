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
    let script = String::from_utf8_lossy(&script);
    print(with_functions(completions.shell, &script).as_bytes())
}

/// Adds to a script how to complete the functions of `file.py:`, which clap knows nothing of.
///
/// The script reads their names itself: the lines that begin with `def`.
fn with_functions(shell: Shell, script: &str) -> String {
    let (script, rest) = match shell {
        // Bash and zsh are given the function `_callpy`, which calls clap's for all other words.
        Shell::Bash => (script.replacen("_callpy() {", "_callpy_words() {", 1), BASH),
        Shell::Zsh => {
            // With two colons, zsh completes no options after the first file.
            let script = script.replace("'*::files", "'*:files");
            (script.replacen("_callpy() {", "_callpy_words() {", 1), ZSH)
        }
        Shell::Fish => (script.to_owned(), FISH),
        _ => (script.to_owned(), ""),
    };
    let names = r"sed -nE 's/^(async +)?def +([^_(][^(]*)\(.*/\2/p'";
    let own = rest.replace("NAMES", names);
    match shell {
        // What clap wrote last registers the function, so ours must come before.
        Shell::Zsh => match script.rfind("if [ \"$funcstack[1]\"") {
            Some(at) => format!("{}{own}\n{}", &script[..at], &script[at..]),
            None => script + &own,
        },
        _ => script + &own,
    }
}

/// In bash a colon ends a word, so the word is taken from the line.
const BASH: &str = r#"
_callpy() {
    local word="${COMP_LINE:0:COMP_POINT}"
    word="${word##*[[:space:]]}"
    if [[ $word != *.py:* ]]; then
        _callpy_words "$@"
        return
    fi
    local name file="${word%:*}" prefix=""
    [[ $COMP_WORDBREAKS == *:* ]] || prefix="$file:"
    COMPREPLY=()
    for name in $(NAMES "${file/#\~/$HOME}" 2>/dev/null); do
        [[ $name == "${word##*:}"* ]] && COMPREPLY+=("$prefix$name")
    done
}
"#;

const ZSH: &str = r#"
_callpy() {
    if [[ $PREFIX != *.py:* ]]; then
        _callpy_words "$@"
        return
    fi
    local -a names
    local file="${(Q)PREFIX%:*}"
    names=(${(f)"$(NAMES "${file/#\~/$HOME}" 2>/dev/null)"})
    compset -P '*:'
    compadd -- $names
}
"#;

const FISH: &str = r#"
function __callpy_functions
    set -l file (commandline -ct | string replace -r ':[^:]*$' '' | string unescape)
    for name in (NAMES (string replace -r '^~' $HOME -- $file) 2>/dev/null)
        echo "$file:$name"
    end
end
complete -c callpy -f -n "__fish_seen_subcommand_from completions" -a "bash elvish fish powershell zsh"
complete -c callpy -f -n "string match -q '*.py:*' -- (commandline -ct)" -a "(__callpy_functions)"
"#;
