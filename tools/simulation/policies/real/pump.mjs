/** A process whose messages go to and fro over a socket: what answers is the one that listens there. */
import { connect } from 'node:net';

const socket = connect(Number(process.argv[2]), '127.0.0.1');
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on('error', () => {});
socket.on('close', () => process.exit(4));
