# shellcheck shell=bash
# What scripts/train and scripts/test need before they can build: a Swift toolchain and a few apt packages.
# Sourced by both, never run. The caller sets `command_line` (named in messages) and `assume_yes` (0 or 1).
# Messages go to standard error; standard output belongs to the command that is being set up for.
# shellcheck disable=SC2034,SC2154

minimum_swift=6.1
# -P: also right when started through a symbolic link, as scripts/check-readme does.
repository=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# What the build links and the run needs; git and g++ (C headers, libstdc++, linker) are SwiftPM's own needs.
build_packages=(libopenmpi-dev openmpi-bin zlib1g-dev libpng-dev libjpeg-dev libxxhash-dev git g++)
# What a swift.org toolchain itself is linked to or calls, by swift.org's list for Debian 12.
toolchain_packages=(
    binutils g++ git libcurl4-openssl-dev libedit-dev libncurses-dev libpython3-dev libsqlite3-dev libxml2-dev
    pkg-config tzdata uuid-dev
)

note() { printf '%s\n' "$*" >&2; }
fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
    exit 1
}

# Prints the version of the `swift` on PATH ("6.3.1"), or nothing.
swift_version() {
    { swift --version 2>/dev/null || true; } | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1
}

swift_is_new_enough() {
    local version
    version=$(swift_version)
    [ -n "$version" ] && [ "$(printf '%s\n%s\n' "$minimum_swift" "$version" | sort -V | head -n 1)" = "$minimum_swift" ]
}

# Compiler and package manager are separate programs, and either may miss a shared library.
swift_starts() { swift --version >/dev/null 2>&1 && swift build --version >/dev/null 2>&1; }

# Makes sure that `swift` is on PATH and new enough, offering the official installer where it is not.
need_swift() {
    local environment="${SWIFTLY_HOME_DIR:-$HOME/.local/share/swiftly}/env.sh" found="no swift is on PATH" answer=""
    if [ -f "$environment" ] && ! swift_is_new_enough; then  # installed, but this shell's profile was read before
        # shellcheck disable=SC1090
        . "$environment"
        hash -r
    fi
    if command -v swift >/dev/null; then
        swift_starts || need_packages "${toolchain_packages[@]}"
        swift_starts || {
            { swift --version && swift build --version; } >&2 || true
            fail "$(command -v swift) does not start (its message is above): reinstall it, or take it off PATH and run:" \
                "$command_line --yes"
        }
        swift_is_new_enough && return
        found="$(command -v swift) is version $(swift_version)"
    fi
    note "Lockstep needs Swift $minimum_swift or newer; $found."
    if [ "$assume_yes" -eq 0 ]; then
        [ -t 0 ] || fail "can't ask whether to install Swift: standard input is no terminal. Run one of:" \
            "$command_line --yes    (installs Swift with swiftly, the official installer)" \
            "see https://www.swift.org/install/linux for other ways, then put swift on PATH"
        read -r -p "Install Swift into your home directory with swiftly, the official installer? [y/N] " answer
        case $answer in
            [yY]*) ;;
            *) fail "no Swift. See https://www.swift.org/install/linux, or run: $command_line --yes" ;;
        esac
    fi
    install_swift "$environment"
    swift_is_new_enough || fail "swiftly finished, but Swift $minimum_swift or newer is still not on PATH. Try:" \
        ". $environment && swiftly install latest --use && swift --version"
}

# https://www.swift.org/install/linux/swiftly: download, check the signature, install the newest release.
install_swift() {
    local environment=$1 archive base work
    archive=swiftly-$(uname -m).tar.gz
    base=https://download.swift.org/swiftly/linux
    need_packages curl ca-certificates gnupg tar "${toolchain_packages[@]}"
    work=$(mktemp -d)
    note "Downloading swiftly from $base ..."
    (
        cd "$work"
        mkdir -m 700 keys
        curl -fsSL --retry 2 --connect-timeout 20 -O "$base/$archive" -O "$base/$archive.sig" || exit 1
        curl -fsSL --retry 2 --connect-timeout 20 -o all-keys.asc https://swift.org/keys/all-keys.asc || exit 1
    ) || fail "the download from swift.org failed (its message is above). With a network, run again:" "$command_line --yes"
    # A key ring of its own, so that only keys of swift.org can make the check succeed; and no agent left behind.
    { gpg --homedir "$work/keys" --no-autostart --batch --quiet --import "$work/all-keys.asc" \
        && gpg --homedir "$work/keys" --no-autostart --batch --verify "$work/$archive.sig" "$work/$archive"; } >"$work/gpg.log" 2>&1 || {
        cat "$work/gpg.log" >&2
        fail "the signature of $archive is not swift.org's: nothing was installed (kept in $work)"
    }
    note "The signature is swift.org's. Installing Swift (about 1 GB) ..."
    tar -xzf "$work/$archive" -C "$work"
    "$work/swiftly" init --assume-yes --skip-install --quiet-shell-followup >&2 || fail "swiftly init failed, see above"
    # shellcheck disable=SC1090
    . "$environment"
    swiftly install latest --use --assume-yes --post-install-file="$work/post-install.sh" >&2 \
        || fail "swiftly could not install Swift, see above. To try again:" ". $environment && swiftly install latest --use"
    [ ! -f "$work/post-install.sh" ] || as_root bash "$work/post-install.sh" >&2 \
        || fail "the packages that Swift asks for could not be installed. As root, run:" "bash $work/post-install.sh"
    hash -r
    note "Swift $(swift_version) is installed; new shells have it on PATH, this one after: . $environment"
    rm -rf "$work"
}

# Installs the given apt packages, but touches nothing (and needs neither root nor network) if all are there.
need_packages() {
    local package missing=() log
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        note "note: no apt-get here (not Debian or Ubuntu), so nothing was installed. Needed, by Debian's names:"
        note "  $*"
        return
    fi
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    may_be_root || fail "packages are missing, and there is neither root nor a usable sudo. Ask the administrator to run:" \
        "$(apt_line "${missing[@]}")"
    note "Installing ${missing[*]} ..."
    log=$(mktemp)
    { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "${missing[@]}"; \
    } >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        fail "apt-get failed (its last lines are above; no network?). To try by hand, as root:" "$(apt_line "${missing[@]}")"
    }
    rm -f "$log"
}

apt_line() { printf 'apt-get update && apt-get install -y --no-install-recommends %s' "$*"; }

# Root, or a sudo that either needs no password or can ask for it on this terminal.
may_be_root() {
    [ "$(id -u)" -eq 0 ] && return
    command -v sudo >/dev/null || return 1
    if [ -t 0 ]; then sudo -v; else sudo -n true 2>/dev/null; fi
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
