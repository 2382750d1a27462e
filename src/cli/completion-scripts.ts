// The scripts that make a shell ask `xpod __complete` for what may come next. They know no command themselves, so they
// stay the same when commands are added. Printed by `xpod completion`, and committed in completions/.

export type Shell = 'bash' | 'zsh' | 'fish'

export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of xpod for bash; made by: xpod completion bash
_xpod() {
  local IFS=$'\\n'
  COMPREPLY=($(xpod __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _xpod xpod
`,
  zsh: `#compdef xpod
# Completion of xpod for zsh; made by: xpod completion zsh
_xpod() {
  local -a found
  found=("\${(@f)$(xpod __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
if [[ "\${funcstack[1]}" = "_xpod" ]]; then _xpod "$@"; else compdef _xpod xpod; fi
`,
  fish: `# Completion of xpod for fish; made by: xpod completion fish
function __xpod_complete
    set -l words (commandline -opc) (commandline -ct)
    xpod __complete -- $words[2..-1] 2>/dev/null
end
complete -c xpod -a '(__xpod_complete)'
`,
}
