# Completion of xpod for fish; made by: xpod completion fish
function __xpod_complete
    set -l words (commandline -opc) (commandline -ct)
    xpod __complete -- $words[2..-1] 2>/dev/null
end
complete -c xpod -a '(__xpod_complete)'
