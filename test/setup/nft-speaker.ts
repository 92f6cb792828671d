/** A program for `node -e` that speaks as a long-lived nft does: `answer` is run for each `line` but those that end an exchange. */
export const nftSpeaker = (answer: string): string => `
  const lines = require('node:readline').createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line.startsWith('describe')) console.log('payload expression, datatype ipv4_addr (IPv4 address) (basetype integer), 32 bits');
    else ${answer};
  });
`;
