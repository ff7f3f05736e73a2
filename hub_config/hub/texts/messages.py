"""What the hub itself words in English while people look at its pages, in Korean."""

from collections.abc import Sequence

__all__ = ["HUB_MESSAGES"]

HUB_MESSAGES: Sequence[tuple[str, str]] = (
    # signing in
    ("Invalid username or password", "사용자 이름이나 비밀번호가 맞지 않습니다."),
    ("Login form invalid or expired. Try again.", "로그인 화면이 오래되었습니다. 다시 로그인하세요."),
    (
        "Too many wrong passwords for this name. Please try again in {n} seconds.",
        "이 이름으로 비밀번호를 여러 번 틀렸습니다. {n}초 뒤에 다시 시도하세요.",
    ),
    ("Forbidden", "허용되지 않은 요청입니다."),
    ("'_xsrf' argument missing from POST", "페이지가 오래되었습니다. 다시 불러온 뒤 시도하세요."),
    ("XSRF cookie does not match POST argument", "페이지가 오래되었습니다. 다시 불러온 뒤 시도하세요."),
    # a server's start
    ("Server requested", "서버를 요청했습니다."),
    ("Spawning server...", "서버를 시작하는 중입니다…"),
    ("Server ready at {address}", "서버가 준비되었습니다: {address}"),
    ("Spawn cancelled", "서버 시작이 취소되었습니다."),
    ("Spawn failed", "서버를 시작하지 못했습니다."),
    ("Spawn failed: Timeout", "서버가 제시간에 시작되지 않았습니다."),
    ("Spawn failed: {Why}", "서버를 시작하지 못했습니다. {Why}"),
    (
        "Failed to reach your server.  Please try again later.  Contact admin if the issue persists.",
        "서버에 연결하지 못했습니다. 잠시 뒤 다시 시도하고, 계속되면 운영자에게 문의하세요.",
    ),
    (
        "Failed to start your server on the last attempt.    Please contact admin if the issue persists.",
        "지난번에 서버를 시작하지 못했습니다. 계속되면 운영자에게 문의하세요.",
    ),
    (
        "Too many users trying to log in right now. Try again in {n} seconds.",
        "지금 로그인하는 사용자가 너무 많습니다. {n}초 뒤에 다시 시도하세요.",
    ),
    (
        "Too many users trying to log in right now. Try again in {n} minutes.",
        "지금 로그인하는 사용자가 너무 많습니다. {n}분 뒤에 다시 시도하세요.",
    ),
    (
        "Active user limit exceeded. Try again in a few minutes.",
        "실행할 수 있는 서버가 모두 사용 중입니다. 몇 분 뒤에 다시 시도하세요.",
    ),
    (
        "Spawner failed to start [status={_status}]. The logs for {_name} may contain details.",
        "서버를 시작하지 못했습니다. 운영자가 로그에서 원인을 찾을 수 있습니다.",
    ),
    ("Unhandled error starting server {_name}", "서버를 시작하는 중에 오류가 났습니다. 운영자에게 문의하세요."),
    ("{_name} is already running", "서버가 이미 실행되고 있습니다."),
    ("{_name} is pending {_what}", "서버가 시작되거나 중지되는 중입니다. 잠시 뒤 다시 시도하세요."),
    (
        "Named servers here are runners of reports, called {name}; there are no others.",
        "여기서 이름 있는 서버는 보고서 실행기({name})뿐입니다.",
    ),
    ("Identify the owner of the requesting entity.", "내가 누구인지 확인"),
    ("Access user servers via API or browser.", "사용자 서버에 접근"),
    ("Read names of users.", "사용자 이름 읽기"),
    ("Read users’ group membership.", "사용자가 속한 그룹 읽기"),
    # addresses
    ("No such user: {name}", "{name}이라는 사용자가 없습니다."),
    ("{_name} has no such server {server}", "그런 서버({server})가 없습니다."),
    ("No access to resources or resources not found", "그런 것이 없거나 볼 권한이 없습니다."),
    ("Not Found", "그런 페이지가 없습니다."),
    ("Internal Server Error", "허브에서 문제가 생겼습니다."),
    ("Method Not Allowed", "이 주소는 그런 요청을 받지 않습니다."),
    ("Bad Request", "요청을 이해할 수 없습니다."),
    (
        "API request failed ({n}): {Why}",
        "요청이 실패했습니다({n}). {Why}",
    ),
)
"""English form and Korean form."""
