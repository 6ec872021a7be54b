// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
)

const completionHelp = `Bash, in ~/.bashrc:

    eval "$(dbsyncctl completion bash)"

Zsh, in ~/.zshrc after compinit:

    eval "$(dbsyncctl completion zsh)"`

// The shells ask this program itself (kingpin's --completion-bash) for what may come next, and offer files where it
// knows nothing.
const (
	bashCompletion = `_dbsyncctl() {
    local IFS=$'\n'
    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" --completion-bash "${COMP_WORDS[@]:1:COMP_CWORD}")" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _dbsyncctl dbsyncctl
`
	zshCompletion = `#compdef dbsyncctl
_dbsyncctl() {
    local matches=(${(f)"$("${words[1]}" --completion-bash "${(@)words[2,$CURRENT]}")"})
    compadd -a matches
    if [[ $compstate[nmatches] -eq 0 && $words[$CURRENT] != -* ]]; then
        _files
    fi
}
compdef _dbsyncctl dbsyncctl
`
)

func (c *cli) addCompletion() {
	command := c.app.Command("completion", "Write the script that lets a shell complete commands and flags.").HelpLong(completionHelp)
	shell := command.Arg("shell", "bash or zsh.").Required().HintOptions("bash", "zsh").Enum("bash", "zsh")
	c.does(command, func(_ context.Context, std stdio) error {
		script := bashCompletion
		if *shell == "zsh" {
			script = zshCompletion
		}
		_, err := fmt.Fprint(std.out, script)
		return err
	})
}
