import assert from 'node:assert/strict';
import { foreignAttempts } from './connections.ts';

const attempt = (line: string) => foreignAttempts(line).map(({ address, port }) => `${address} ${port}`);

describe('reading a trace of system calls', () => {
  it('finds connections over IPv4 and IPv6, refused or unfinished', () => {
    assert.deepEqual(
      attempt(
        '17 connect(24, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = -1 EINPROGRESS',
      ),
      ['192.0.2.1 443'],
    );
    assert.deepEqual(
      attempt(
        '17 connect(24, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::7", &sin6_addr), sin6_scope_id=0}, 28 <unfinished ...>',
      ),
      ['2001:db8::7 80'],
    );
  });

  it('finds datagrams, and name look-ups even when the resolver is on this machine', () => {
    assert.deepEqual(
      attempt(
        '9 sendto(20, ""..., 40, 0, {sa_family=AF_INET, sin_port=htons(123), sin_addr=inet_addr("198.51.100.4")}, 16) = 40',
      ),
      ['198.51.100.4 123'],
    );
    assert.deepEqual(
      attempt(
        '9 sendmmsg(20, [{msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, msg_namelen=16}}], 2, MSG_NOSIGNAL) = 2',
      ),
      ['127.0.0.53 53'],
    );
  });

  it('lets loopback, private sockets and local device queries pass', () => {
    for (const line of [
      '4 connect(22, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
      '4 connect(22, {sa_family=AF_INET6, sin6_port=htons(1), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
      '4 connect(22, {sa_family=AF_UNIX, sun_path="/run/user/0/gemma-code-0/1.sock"}, 110) = 0',
      '4 sendto(22, ""..., 20, 0, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 20',
    ]) {
      assert.deepEqual(attempt(line), []);
    }
  });
});
