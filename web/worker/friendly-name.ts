// Makes up a name for a machine that people can call across a room: a colour or mood, and an animal.

const FIRST_WORDS =
  "Amber Autumn Brave Breezy Bright Calm Cheery Clever Copper Coral Cosy Daring Dusky Eager Early Fleet Frosty Gentle Golden Happy Hazel Humble Ivory Jolly Keen Kind Lively Lucky Maple Mellow Merry Mighty Misty Nimble Olive Patient Plucky Polite Quick Quiet Rosy Rusty Sandy Scarlet Silver Sleepy Snowy Spry Starry Steady Sunny Swift Tidy Velvet Warm Wise Witty Zesty".split(
    " ",
  );
/** Computers are animals of the ground and the water. */
const COMPUTER_WORDS =
  "Alpaca Badger Beaver Bison Bobcat Camel Cheetah Chipmunk Corgi Coyote Dolphin Donkey Ermine Ferret Fox Gazelle Gecko Hare Hedgehog Ibex Jaguar Koala Lemur Leopard Lion Llama Lynx Marmot Marten Meerkat Mole Moose Narwhal Newt Ocelot Okapi Orca Otter Panda Pony Puma Rabbit Raccoon Reindeer Seal Squirrel Stoat Tapir Tiger Tortoise Walrus Weasel Whale Wolf Wombat Yak Zebra".split(
    " ",
  );
/** What is carried about is a bird, so that a phone's name tells that it is one. */
const MOBILE_WORDS =
  "Avocet Bunting Canary Condor Crane Cuckoo Curlew Dove Dunlin Eagle Egret Falcon Finch Flamingo Goldfinch Goose Grouse Gull Harrier Hawk Heron Hoopoe Ibis Jackdaw Jay Kestrel Kingfisher Kite Lapwing Lark Linnet Magpie Martin Merlin Nightjar Nuthatch Oriole Osprey Owl Parrot Pelican Petrel Pipit Plover Puffin Quail Raven Redstart Robin Rook Sandpiper Siskin Skylark Sparrow Starling Stork Swallow Swan Swift Tern Thrush Toucan Wagtail Warbler Wren".split(
    " ",
  );

/** "Amber Otter", or "Amber Wren" for a phone; `random` gives 32 random bits each time. */
export function friendlyName(isMobile: boolean, random: () => number): string {
  const pick = (words: readonly string[]): string => words[random() % words.length] ?? "";
  return `${pick(FIRST_WORDS)} ${pick(isMobile ? MOBILE_WORDS : COMPUTER_WORDS)}`;
}
