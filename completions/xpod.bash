# Completion of xpod for bash; made by: xpod completion bash
_xpod() {
  local IFS=$'\n'
  COMPREPLY=($(xpod __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _xpod xpod
